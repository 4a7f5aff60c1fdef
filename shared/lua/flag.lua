-- Ask a running job to stop. KEYS: job record. Returns the worker that runs it, false otherwise.
local state, worker = unpack(redis.call('HMGET', KEYS[1], 'state', 'worker'))
if state ~= 'running' then return false end
redis.call('HSET', KEYS[1], 'cancel', 1)
return worker or ''
