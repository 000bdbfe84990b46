"""Broken offers, made from good ones: always the same ones for the same seed."""

import random

_JUNK = ("", "a=", "m=", "\0", "a=mid:", "m=video 9", "a=rtpmap:", "a=fmtp:x apt", "a=ssrc:-1", "é", "a=extmap:999999 x", "\r", "v=1")


def mutated(text: str, chance: random.Random) -> str:
    lines = text.split("\r\n")
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(lines))
        match chance.randrange(7):
            case 0:
                del lines[place]
            case 1:
                lines[place] = chance.choice(_JUNK)
            case 2:
                line = lines[place]
                cut = chance.randint(0, len(line))
                lines[place] = line[:cut] + chr(chance.randrange(0x250)) + line[cut + 1 :]
            case 3:
                lines.insert(place, lines[chance.randrange(len(lines))])
            case 4:
                lines = lines[: place + 1]
            case 5:
                lines[place] = lines[place] * chance.randint(2, 50)
            case 6:
                other = chance.randrange(len(lines))
                lines[place], lines[other] = lines[other], lines[place]
        lines = lines or [""]
    return "\r\n".join(lines)
