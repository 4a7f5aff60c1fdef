-- Claim or renew a worker's name: only its holder, or anyone when nobody holds it.
-- KEYS: lease; ARGV: holder, milliseconds, a holder known to be dead (or '').
-- Returns 1 when held, else the holder.
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] and holder ~= ARGV[3] then return holder end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
