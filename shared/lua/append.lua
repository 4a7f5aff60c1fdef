-- Append one chunk of audio: fence, store, publish, note the progress, in one round trip.
-- KEYS: job record, stream, channel
-- ARGV: attempt, first sample, number of samples, PCM bytes, samples the stream keeps, progress,
--       seconds the stream lives
-- Returns {samples delivered so far, cancel asked for (0|1)}; {-1, 0} when the attempt is fenced.
-- A chunk that does not begin where the last one ended is not stored: the caller is told where to.
local state, attempt, samples, cancel, take =
  unpack(redis.call('HMGET', KEYS[1], 'state', 'attempt', 'samples', 'cancel', 'take'))
if state ~= 'running' or attempt ~= ARGV[1] then return {-1, 0} end
samples = tonumber(samples or 0)
local cancelled = cancel and 1 or 0
if samples ~= tonumber(ARGV[2]) then return {samples, cancelled} end
local seq = redis.call('HINCRBY', KEYS[1], 'seq', 1)
take = take or '0'
local finish = samples + tonumber(ARGV[3])
redis.call('XADD', KEYS[2], ARGV[2] .. '-' .. seq, 'k', 'a', 't', take, 'd', ARGV[4])
redis.call('XTRIM', KEYS[2], 'MINID', math.max(0, finish - tonumber(ARGV[5])))
redis.call('EXPIRE', KEYS[2], ARGV[7])
redis.call('HSET', KEYS[1], 'samples', finish, 'progress', ARGV[6])
redis.call('PUBLISH', KEYS[3], 'a ' .. seq .. ' ' .. ARGV[2] .. ' ' .. take .. '\n' .. ARGV[4])
return {finish, cancelled}
