-- Tell the listeners something that changes no state; with `reset`, the audio begins anew.
-- KEYS: job record, stream, channel
-- ARGV: attempt that must still hold, reset (0|1), event as JSON, seconds the stream lives,
--       then field, value, …
-- Returns 1, or 0 when the attempt is fenced.
local state, attempt = unpack(redis.call('HMGET', KEYS[1], 'state', 'attempt'))
if state ~= 'running' or attempt ~= ARGV[1] then return 0 end
if ARGV[2] == '1' then
  redis.call('DEL', KEYS[2])
  redis.call('HSET', KEYS[1], 'samples', 0)
  redis.call('HINCRBY', KEYS[1], 'take', 1)
end
if #ARGV > 4 then redis.call('HSET', KEYS[1], unpack(ARGV, 5)) end
local seq = redis.call('HINCRBY', KEYS[1], 'seq', 1)
local samples, take = unpack(redis.call('HMGET', KEYS[1], 'samples', 'take'))
samples, take = samples or '0', take or '0'
redis.call('XADD', KEYS[2], samples .. '-' .. seq, 'k', 'e', 't', take, 'd', ARGV[3])
redis.call('EXPIRE', KEYS[2], ARGV[4])
redis.call('PUBLISH', KEYS[3], 'e ' .. seq .. ' ' .. samples .. ' ' .. take .. '\n' .. ARGV[3])
return 1
