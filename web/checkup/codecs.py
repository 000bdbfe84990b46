"""Does the media library have what the transcoder needs? Asked in a process of its own, so that the doctor runs without codecs too."""

import asyncio
import contextlib
import json
import sys

from web.checkup.finding import Finding, fail, ok

DEADLINE = 40.0


async def check_codecs() -> list[Finding]:
    """One finding for all of them."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "transcoder.codec_check", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(DEADLINE):
            output, _ = await process.communicate()
        report = json.loads(output)
    except (TimeoutError, ValueError):
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        advice = "Install Fanlight with its media extra (scripts/bootstrap run does); an edge or web node alone can do without."
        return [fail("codecs", "The media library can't be loaded.", advice)]
    if report["missing"]:
        meaning = f"{report['library']} lacks {', '.join(report['missing'])}."
        return [fail("codecs", meaning, "Reinstall the locked packages: scripts/bootstrap run.")]
    return [ok("codecs", f"{report['library']} has {', '.join(report['present'])}.")]
