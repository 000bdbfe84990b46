"""What must happen in one step inside the server, in Lua. Times are the server's, so nodes' clocks need not agree."""

from storage.bus.connection import Script

APPEND = Script("""
-- KEYS: window, lease (or ''), blobs...  ARGV: token (or ''), order, window ttl ms, most entries, batch, blob ttl ms, blobs...
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
local lease = ARGV[1] ~= '' and redis.call('HMGET', KEYS[2], 'token', 'order') or {}
if lease[1] then
  if lease[1] ~= ARGV[1] then return false end
  if lease[2] and tonumber(lease[2]) > tonumber(ARGV[2]) then return redis.error_reply('LATE a newer batch is there') end
end
for i = 3, #KEYS do
  redis.call('SET', KEYS[i], ARGV[i + 4], 'PX', ARGV[6])
end
if last and last[2][2] == ARGV[5] then return last[1] end
local id = redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[4], '*', 'b', ARGV[5])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
if lease[1] then redis.call('HSET', KEYS[2], 'order', ARGV[2]) end
return id
""")
"""Blobs, then the batch that names them, unless it is the window's last already: it may be tried again.

Nothing at all is written if the lease went to someone else, or if a batch of a greater order is there: a command whose caller
gave up may still wait in a server that hangs. Returns the entry's id or nil.
"""

READ_ALL = Script("""
-- KEYS: index
local found = {}
for _, key in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  local value = redis.call('GET', key)
  if value then found[#found + 1] = value else redis.call('SREM', KEYS[1], key) end
end
return found
""")
"""Every register of an index; names whose register ran out are dropped from it."""

REGISTER_NEWEST = Script("""
-- KEYS: register, its order, index  ARGV: order, value, ttl ms
if tonumber(redis.call('GET', KEYS[2]) or '0') > tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[3])
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
redis.call('SADD', KEYS[3], KEYS[1])
return 1
""")
"""Write or refresh a register unless one of a greater order was there lately, even if that is forgotten by now."""

TOKEN = Script("""
-- KEYS: fence
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local token = string.format('%.0f', math.max(now, tonumber(redis.call('GET', KEYS[1]) or '0') + 1))
redis.call('SET', KEYS[1], token)
return token
""")
"""The next fencing token, as in ``ACQUIRE``, without a lease."""

ACQUIRE = Script("""
-- KEYS: lease, fence  ARGV: holder, ttl ms
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local held = redis.call('HMGET', KEYS[1], 'holder', 'due')
if held[1] and held[1] ~= ARGV[1] and tonumber(held[2]) > now then return false end
local token = math.max(now, tonumber(redis.call('GET', KEYS[2]) or '0') + 1)
token = string.format('%.0f', token)
redis.call('SET', KEYS[2], token)
redis.call('HDEL', KEYS[1], 'order')
redis.call('HSET', KEYS[1], 'holder', ARGV[1], 'token', token, 'due', string.format('%.0f', now + ARGV[2]))
return token
""")
"""The next fencing token: Unix milliseconds, but always more than any before, and so also after the data were lost.

A lease has no time to live in the server: one that is not there means that the data were lost, and a full memory can't drop it.
"""

RENEW = Script("""
-- KEYS: lease, fence, generation  ARGV: holder, ttl ms, token (or ''), generation it was acquired in
local time = redis.call('TIME')
local due = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[2])
if redis.call('EXISTS', KEYS[1]) == 0 then
  if ARGV[3] == '' or redis.call('GET', KEYS[3]) == ARGV[4] then return 0 end
  local last = tonumber(redis.call('GET', KEYS[2]) or '0')
  if tonumber(ARGV[3]) > last then redis.call('SET', KEYS[2], ARGV[3]) end
  redis.call('HSET', KEYS[1], 'holder', ARGV[1], 'token', ARGV[3])
elseif redis.call('HGET', KEYS[1], 'holder') ~= ARGV[1] then
  return 0
end
redis.call('HSET', KEYS[1], 'due', due)
return 1
""")
"""Hold on for longer, also when it ran out but nobody took it. A lease lost with all other data is put back with its token."""

RELEASE = Script("""
-- KEYS: lease  ARGV: holder
if redis.call('HGET', KEYS[1], 'holder') == ARGV[1] then redis.call('HDEL', KEYS[1], 'holder', 'due') end
return 1
""")
"""Let go; the token stays so that a former holder can't take the lease for lost and put it back."""

CALL = Script("""
-- KEYS: calls  ARGV: most waiting, deadline ms, request
if redis.call('LLEN', KEYS[1]) >= tonumber(ARGV[1]) then return 0 end
local now = redis.call('TIME')
local due = now[1] * 1000 + math.floor(now[2] / 1000) + tonumber(ARGV[2])
redis.call('RPUSH', KEYS[1], string.format('%.0f', due) .. ' ' .. ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
""")
"""Queue a request with the server time at which nobody waits for it any more. Returns 0 when too many wait."""

VIEWERS = Script("""
-- KEYS: viewers
local now = redis.call('TIME')
local ms = now[1] * 1000 + math.floor(now[2] / 1000)
local sum = 0
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  local count, due = string.match(all[i + 1], '^(%d+) (%d+)$')
  if tonumber(due) > ms then sum = sum + tonumber(count) else redis.call('HDEL', KEYS[1], all[i]) end
end
return sum
""")
"""Sum of what edges that are still there counted."""

COUNT_VIEWERS = Script("""
-- KEYS: viewers  ARGV: node, count, ttl ms
local now = redis.call('TIME')
local due = now[1] * 1000 + math.floor(now[2] / 1000) + tonumber(ARGV[3])
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2] .. ' ' .. string.format('%.0f', due))
return redis.call('PEXPIRE', KEYS[1], ARGV[3])
""")
"""An edge's count with the time it runs out."""

TAKE = Script("""
-- KEYS: limit of a subject  ARGV: pause us, window us
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local pause, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local full_at = tonumber(redis.call('GET', KEYS[1]) or '0')
local used = math.max(0, full_at - now)
if used + pause > window then return {math.floor(used), 0} end
used = used + pause
redis.call('SET', KEYS[1], string.format('%.0f', now + used), 'PX', math.ceil(used / 1000) + 1)
return {math.floor(used), 1}
""")
"""One try under a limit of a window's length that a try uses a pause of; how much is used, and whether it was allowed."""

PRESENT = Script("""
-- KEYS: accounts, strangers  ARGV: ttl ms, node, strangers, few, how many left, those who left..., those who are here...
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local due = string.format('%.0f', now + ARGV[1])
local left = tonumber(ARGV[5])
for i = 6, 5 + left do redis.call('ZREM', KEYS[1], ARGV[i]) end
for i = 6 + left, #ARGV do redis.call('ZADD', KEYS[1], due, ARGV[i]) end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('HSET', KEYS[2], ARGV[2], ARGV[3] .. ' ' .. due)
redis.call('PEXPIRE', KEYS[1], ARGV[1])
redis.call('PEXPIRE', KEYS[2], ARGV[1])
local strangers = 0
local all = redis.call('HGETALL', KEYS[2])
for i = 1, #all, 2 do
  local count, until_ms = string.match(all[i + 1], '^(%d+) (%d+)$')
  if tonumber(until_ms) > now then strangers = strangers + tonumber(count) else redis.call('HDEL', KEYS[2], all[i]) end
end
local count = redis.call('ZCARD', KEYS[1])
local names = count <= tonumber(ARGV[4]) and redis.call('ZRANGE', KEYS[1], 0, -1) or {}
return {count, strangers, names}
""")
"""Who a node has in a room; returns how many accounts and strangers are there on all nodes, and the accounts' names while they are few."""

COUNT_NEWCOMERS = Script("""
-- KEYS: newcomers, crowd  ARGV: window ms, most remembered, most that are no crowd, quiet ms, who asks, calm ms, age ms, account...
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if ARGV[6] ~= '' then
  redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now - ARGV[6]))
  redis.call('DEL', KEYS[2])
end
for i = 7, #ARGV, 2 do redis.call('ZADD', KEYS[1], 'NX', string.format('%.0f', now - ARGV[i]), ARGV[i + 1]) end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('(%.0f', now - ARGV[1]))
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -1 - tonumber(ARGV[2]))
redis.call('PEXPIRE', KEYS[1], ARGV[1])
local count = redis.call('ZCARD', KEYS[1])
if count <= tonumber(ARGV[3]) then return {count, 0} end
redis.call('SET', KEYS[2], ARGV[5], 'NX', 'PX', ARGV[4])
return {count, redis.call('GET', KEYS[2]) == ARGV[5] and 1 or 0}
""")
"""Who came to a room on any node within a window; returns how many, and whether they are a crowd that was not told lately."""

READ_CALL = Script("""
-- KEYS: call  ARGV: node that is heard of, or '', ttl ms
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
local all = redis.call('HGETALL', KEYS[1])
if ARGV[1] ~= '' and #all > 0 then
  redis.call('HSET', KEYS[1], 'n:' .. ARGV[1], now)
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return {now, all}
""")
"""A call's fields as they were; then its node is heard of."""

WRITE_CALL = Script("""
-- KEYS: call  ARGV: version it was made of, state, node, ttl ms
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
local version = redis.call('HGET', KEYS[1], 'v') or '0'
if version ~= ARGV[1] then return false end
-- The first is the time, so that it is greater than any before a loss.
local written = string.format('%.0f', version == '0' and time[1] * 1000 + math.floor(time[2] / 1000) or version + 1)
redis.call('HSET', KEYS[1], 'v', written, 's', ARGV[2], 'n:' .. ARGV[3], now)
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return written
""")
"""Write a call's state unless another was written meanwhile; returns its version or nil."""
