-- Take a job to another state, refuse an illegal step, and tell the listeners.
-- KEYS: job record, stream, channel, active set, client's set, outbox of webhooks, batch of the job
-- ARGV: now, job id, new state, states it may come from ('a,b,'), attempt that must still hold
--       ('' for none), worker that must still have it ('' for any), terminal (0|1), seconds to keep
--       an ended job's record and its stream, event as JSON, seconds to keep a record while its
--       webhook is delivered, then field, value, …
-- Returns the attempt, or a refusal: 'unknown', 'fenced', or the state it is in.
--
-- A job that is begun is a new attempt, unless it stepped aside by itself (`yielded`): then the
-- attempt goes on. The word is good for one beginning, and for none after a worker died. Then one
-- attempt has had two workers, so it does not tell them apart: the reply of the first one's step may
-- have been lost on the way, and the call repeated when the second one speaks already.
--
-- A job ends once, so its message goes into the outbox once, in the step that ends it.
local state, attempt, samples, take, yielded, worker =
  unpack(redis.call('HMGET', KEYS[1], 'state', 'attempt', 'samples', 'take', 'yielded', 'worker'))
if not state then return 'unknown' end
if ARGV[5] ~= '' and ARGV[5] ~= (attempt or '0') then return 'fenced' end
if ARGV[6] ~= '' and ARGV[6] ~= (worker or ARGV[6]) then return 'fenced' end
if not string.find(ARGV[4], state .. ',', 1, true) then return state end

-- Keep the record of what has ended, and post its message if somebody wants to hear of this event.
local function close(record, event)
  local events = redis.call('HGET', record, 'webhook_events')
  if events and string.find(events, event .. ',', 1, true) then
    redis.call('HSET', record, 'webhook_state', 'pending')
    redis.call('ZADD', KEYS[6], ARGV[1], record)
    redis.call('EXPIRE', record, ARGV[11])
  else
    redis.call('EXPIRE', record, ARGV[8])
  end
end

samples, take = samples or '0', take or '0'
if state == 'running' or ARGV[3] == 'running' then redis.call('HDEL', KEYS[1], 'yielded') end
redis.call('HSET', KEYS[1], 'state', ARGV[3], unpack(ARGV, 12))
if ARGV[3] == 'running' and yielded ~= '1' then
  attempt = redis.call('HINCRBY', KEYS[1], 'attempt', 1)
end
local seq = redis.call('HINCRBY', KEYS[1], 'seq', 1)
redis.call('XADD', KEYS[2], samples .. '-' .. seq, 'k', 'e', 't', take, 'd', ARGV[10])
if ARGV[7] == '1' then
  close(KEYS[1], 'job.' .. ARGV[3])
  redis.call('EXPIRE', KEYS[2], ARGV[9])
  redis.call('ZREM', KEYS[4], ARGV[2])
  redis.call('ZREM', KEYS[5], ARGV[2])
  if redis.call('EXISTS', KEYS[7]) == 1 then
    redis.call('HSET', KEYS[7], 'job:' .. ARGV[2], ARGV[3])
    if redis.call('HINCRBY', KEYS[7], 'left', -1) == 0 then
      redis.call('HSET', KEYS[7], 'finished_at', ARGV[1])
      close(KEYS[7], 'batch.finished')
    end
  end
else
  redis.call('EXPIRE', KEYS[2], ARGV[8])
end
redis.call('PUBLISH', KEYS[3], 'e ' .. seq .. ' ' .. samples .. ' ' .. take .. '\n' .. ARGV[10])
return tonumber(attempt or 0)
