-- Take the next job of the first queue that has one into the worker's in-flight list,
-- so that an id is in some list at every moment; an id that RQ has forgotten is dropped.
-- KEYS: in-flight list, then the queues in order; ARGV: prefix of RQ's jobs
for i = 2, #KEYS do
  local id = redis.call('LMOVE', KEYS[i], KEYS[1], 'LEFT', 'RIGHT')
  while id do
    if redis.call('EXISTS', ARGV[1] .. id) == 1 then return {KEYS[i], id} end
    redis.call('LREM', KEYS[1], -1, id)
    id = redis.call('LMOVE', KEYS[i], KEYS[1], 'LEFT', 'RIGHT')
  end
end
return false
