-- Take the next job of the first queue that has one into the worker's in-flight list,
-- so that an id is in some list at every moment.
-- KEYS: in-flight list, then the queues in order
for i = 2, #KEYS do
  local id = redis.call('LMOVE', KEYS[i], KEYS[1], 'LEFT', 'RIGHT')
  if id then return {KEYS[i], id} end
end
return false
