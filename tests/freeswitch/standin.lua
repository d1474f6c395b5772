-- What mod_lua gives a script: `session` or `env`, `argv` and `freeswitch`. It reads the channel's variables from a file, and
-- writes what the script did with the channel into another; freeswitch.py goes on from there. Commands are run.
--
--     lua5.2 standin.lua SCRIPT VARIABLES DONE session|env [ARGUMENT]...

local script, variables_file, done_file, kind = arg[1], arg[2], arg[3], arg[4]
argv = { [0] = script }
for place = 5, #arg do argv[place - 4] = arg[place] end

local function read(file)
    local handle = assert(io.open(file, "rb"))
    local text = handle:read("*a")
    handle:close()
    return text
end

-- NAME LENGTH, a line break, and so many bytes of value.
local variables = {}
local text, place = read(variables_file), 1
while place <= #text do
    local name, length, after = text:match("^(%S+) (%d+)\n()", place)
    variables[name] = text:sub(after, after + length - 1)
    place = after + length
end

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
