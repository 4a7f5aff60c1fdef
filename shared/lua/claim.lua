-- Claim webhooks that are due, for so long that whoever claims one has told the receiver or died.
-- KEYS: outbox
-- ARGV: now, until when they are claimed, how many, how many of one host, how many are looked at,
--       then the hosts that are being told already, each as often as it is
-- Returns {record, attempt, record, attempt, …}; a record that has expired is dropped.
local busy, found = {}, {}
for i = 6, #ARGV do busy[ARGV[i]] = (busy[ARGV[i]] or 0) + 1 end
for _, record in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[5])) do
  if #found >= 2 * ARGV[3] then break end
  local host = redis.call('HGET', record, 'webhook_host')
  if not host then
    redis.call('ZREM', KEYS[1], record)
  elseif (busy[host] or 0) < tonumber(ARGV[4]) then
    busy[host] = (busy[host] or 0) + 1
    redis.call('ZADD', KEYS[1], ARGV[2], record)
    found[#found + 1] = record
    found[#found + 1] = redis.call('HINCRBY', record, 'webhook_attempts', 1)
  end
end
return found
