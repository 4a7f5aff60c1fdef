-- Take the next job of the first queue that has one into the worker's in-flight list,
-- so that an id is in some list at every moment; an id that RQ has forgotten is dropped.
-- KEYS: in-flight list, then the queues in order; ARGV: prefixes of RQ's jobs and of its queues
--
-- A worker has one job at a time: what still lies in its list was taken by a call whose reply was
-- lost on the way, and comes first.
for _, id in ipairs(redis.call('LRANGE', KEYS[1], 0, -1)) do
  local status, origin = unpack(redis.call('HMGET', ARGV[1] .. id, 'status', 'origin'))
  if status == 'queued' and origin then return {ARGV[2] .. origin, id} end
  redis.call('LREM', KEYS[1], 1, id)
end
for i = 2, #KEYS do
  local id = redis.call('LMOVE', KEYS[i], KEYS[1], 'LEFT', 'RIGHT')
  while id do
    if redis.call('EXISTS', ARGV[1] .. id) == 1 then return {KEYS[i], id} end
    redis.call('LREM', KEYS[1], -1, id)
    id = redis.call('LMOVE', KEYS[i], KEYS[1], 'LEFT', 'RIGHT')
  end
end
return false
