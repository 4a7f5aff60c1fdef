-- Ask something of a job, or take it back.
-- KEYS: job record; ARGV: field, 0|1, states in which it can be asked ('a,b,')
-- Returns the worker that last had the job, false in any other state.
local state, worker = unpack(redis.call('HMGET', KEYS[1], 'state', 'worker'))
if not state or not string.find(ARGV[3], state .. ',', 1, true) then return false end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return worker or ''
