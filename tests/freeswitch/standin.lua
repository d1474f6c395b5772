-- What mod_lua gives a script: `session` or `env`, `argv` and `freeswitch`. It reads the channel's variables from a file, and
-- writes what the script did with the channel into another; freeswitch.py goes on from there. Commands are run.
--
--     lua5.2 standin.lua SCRIPT VARIABLES OTHERS DONE session|env [ARGUMENT]...
--
-- OTHERS has the zammad_call_id of each channel, by the channel's uuid.

local script, variables_file, others_file, done_file, kind = arg[1], arg[2], arg[3], arg[4], arg[5]
argv = { [0] = script }
for place = 6, #arg do argv[place - 5] = arg[place] end

local function read(file)
    local handle = assert(io.open(file, "rb"))
    local text = handle:read("*a")
    handle:close()
    return text
end

-- Names and values in turn, each after its length and a line break.
local function pairs_of(text)
    local found, name, place = {}, nil, 1
    while place <= #text do
        local length, after = text:match("^(%d+)\n()", place)
        local part = text:sub(after, after + length - 1)
        if name then
            found[name], name = part, nil
        else
            name = part
        end
        place = after + length
    end
    return found
end
local variables, others = pairs_of(read(variables_file)), pairs_of(read(others_file))

local done = assert(io.open(done_file, "wb"))
local function note(...)
    for _, part in ipairs({ ... }) do done:write(#part, "\n", part) end
end

local channel = {}
function channel:setAutoHangup(on) note("autohangup", tostring(on)) end
function channel:getVariable(name) return variables[name] end
function channel:setVariable(name, value)
    variables[name] = value
    note("set", name .. "=" .. value)
end
function channel:execute(application, data) note(application, data) end
function channel:hangup(cause) note("hangup", cause) end

local event = {}
function event:getHeader(name) return variables[name] end

local api = {}
function api:execute(command, data)
    if command == "system" then
        local pipe = assert(io.popen(data))
        local said = pipe:read("*a")
        pipe:close()
        return said
    elseif command == "bg_system" then
        os.execute("{ " .. data .. "; } >/dev/null &")
    elseif command == "create_uuid" then
        local file = assert(io.open("/proc/sys/kernel/random/uuid"))
        local uuid = file:read("*l")
        file:close()
        return uuid
    elseif command == "uuid_getvar" then
        -- FreeSWITCH takes a quote for the beginning of a quoted word.
        local channel = data:match("^([^%s']+) zammad_call_id$")
        return channel and (others[channel] or "_undef_") or "-USAGE: <uuid> <var>"
    else
        note(command, data)
    end
    return "+OK"
end

freeswitch = {
    API = function() return api end,
    consoleLog = function(level, line) io.stderr:write(level, " ", line) end,
}
if kind == "session" then session = channel else env = event end
dofile(script)
