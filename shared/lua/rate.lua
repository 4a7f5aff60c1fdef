-- Count one request against a limit by the minute: the generic cell rate algorithm, which is a
-- bucket of as many tokens as the limit, filled evenly (ATM Forum TM 4.0, section 4.4.2).
-- KEYS: when all requests so far will have been paid off (microseconds of this server's clock)
-- ARGV: requests a minute
-- Returns whether it may pass (0|1), how many more may at once, and microseconds: until one may
-- again, until all may again.
local minute = 60000000
local price = minute / tonumber(ARGV[1])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local paid = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now)
local wait = paid + price - minute - now
-- A price that does not divide the minute leaves a fraction of a microsecond over.
if wait > 1 then return {0, 0, math.ceil(wait), math.ceil(paid - now)} end
paid = paid + price
redis.call('SET', KEYS[1], string.format('%.0f', paid), 'PX', math.ceil((paid - now) / 1000))
local left = math.floor((minute - (paid - now)) / price + 0.001)
return {1, math.max(left, 0), 0, math.ceil(paid - now)}
