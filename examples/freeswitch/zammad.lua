-- Reports each call to Zammad, rejects callers that Zammad blocks, and uses the caller ids that Zammad chooses. For
-- FreeSWITCH with mod_lua, in its folder for scripts. docs/freeswitch.md explains it.
--
-- Put one line into each route, before its bridge:
--
--   <action application="lua" data="zammad.lua in"/>         a customer calls; or `out`: an agent calls a customer
--   <action application="lua" data="zammad.lua voicemail"/>  before voicemail: the call stays open in Zammad
--
-- Because of that line, FreeSWITCH runs `zammad.lua answer` and `zammad.lua hangup` itself. Before it, a route may set
-- zammad_to, the called number if it is not the one that was dialled last, and zammad_queue.

local program = "/usr/bin/zammad-cti"

local api = freeswitch.API()

-- A caller writes his number himself, with quotes, $( ) or line breaks if he likes. What is no number is none. The options
-- of a SIP address, as in +493055571101;npdi;rn=+49301, are no part of it.
local function number(text)
    local bare = text and (text:match("^[^;]+$") or text:match("^([^;]+);%a[%w+=;._-]*$"))
    return bare and #bare <= 40 and bare:match("^%+?[0-9*#]+$")
end

local function word(text)
    return text and #text <= 60 and text:match("^[%w*#+._][%w*#+._-]*$")
end

-- As FreeSWITCH makes them up.
local function id(text)
    return text and #text == 36 and text:match("^[%x-]+$")
end

-- With inbound-use-callid-as-uuid the channel's uuid is the caller's Call-ID: he may put quotes into it, or send an old one once
-- more, and Zammad takes no id twice. So such a call gets an id of its own.
local function id_of_call(channel)
    if id(channel) and channel ~= session:getVariable("sip_call_id") then return channel end
    return id(api:execute("create_uuid", ""):match("%S+"))
end

-- For the phones' channels too, as `export` does, which expands variables in a value.
local function hand_on(name, value)
    local others = session:getVariable("export_vars")
    session:setVariable(name, value)
    session:setVariable("export_vars", (others and others .. "," or "") .. name)
end

-- FreeSWITCH hands the line to a shell. Here is the gate: an event with any other sign in it is not reported.
local function command(event, options)
    local words = { program, event }
    for _, option in ipairs(options) do
        if not option:match("^%-%-[%w*#+._=-]+$") then
            freeswitch.consoleLog("ERR", "zammad.lua: not reported, because of an odd sign: " .. event .. "\n")
            return "true"
        end
        table.insert(words, "'" .. option .. "'")
    end
    return table.concat(words, " ") .. " </dev/null"
end

local function new_call(direction)
    -- Without this the call ends with the script.
    session:setAutoHangup(false)
    -- Reported already: a transfer came back into a route.
    if id(session:getVariable("zammad_call_id")) then return end
    local channel = session:getVariable("uuid")
    local call = id_of_call(channel)
    -- First, because the caller may hang up while the program runs.
    session:setVariable("session_in_hangup_hook", "true")
    session:setVariable("api_hangup_hook", "lua zammad.lua hangup")
    hand_on("zammad_call_id", call)
    hand_on("zammad_channel", channel)
    hand_on("zammad_direction", direction)
    -- On the phones' channels only: that the caller's own is answered may be a menu.
    session:execute("export", "nolocal:execute_on_answer=lua zammad.lua answer")

    local from = number(session:getVariable("caller_id_number"))
    if session:getVariable("privacy_hide_number") == "true" then from = nil end
    local options = {
        "--fail-open", "--deadline=2s", "--call-id=" .. call, "--direction=" .. direction,
        "--from=" .. (from or "anonymous"),
        "--to=" .. (word(session:getVariable("zammad_to")) or word(session:getVariable("destination_number")) or "unknown"),
    }
    local queue = word(session:getVariable("zammad_queue"))
    if queue then table.insert(options, "--queue=" .. queue) end
    local said = api:execute("system", command("new-call", options)) or ""

    freeswitch.consoleLog("INFO", "zammad.lua: newCall of " .. call .. ": " .. said .. "\n")
    local caller_id = said:match("^dial (%d+) ")
    if said:match("^reject") then
        session:hangup("USER_BUSY")
    elseif caller_id then
        session:setVariable("effective_caller_id_number", caller_id)
    end
end

-- On the channel of the phone that picked up; or of the caller himself, for voicemail.
local function answer(voicemail)
    session:setAutoHangup(false)
    local call, channel = id(session:getVariable("zammad_call_id")), session:getVariable("zammad_channel")
    -- A queue's phones know of the caller's channel, and nothing else.
    channel = channel or session:getVariable("cc_member_session_uuid")
    if channel and not channel:match("^%S+$") then channel = nil end
    if channel and not call then call = id(api:execute("uuid_getvar", channel .. " zammad_call_id")) end
    local direction = session:getVariable("zammad_direction") == "out" and "out" or "in"
    if not call or (channel == session:getVariable("uuid") and not voicemail) then return end
    local options = { "--call-id=" .. call, "--direction=" .. direction }
    local phone = number(session:getVariable("dialed_user")) or number(session:getVariable("destination_number"))
    if voicemail then
        table.insert(options, "--voicemail")
    elseif phone and direction == "in" then
        table.insert(options, "--answering-number=" .. phone)
    end
    if channel then api:execute("uuid_setvar", channel .. " zammad_answered true") end
    api:execute("bg_system", command("answer", options))
end

-- The caller's channel is gone, and `env` has its variables.
local function hangup()
    local function variable(name)
        return env:getHeader(name) or env:getHeader("variable_" .. name)
    end
    local call = id(variable("zammad_call_id"))
    if not call then return end
    local options = { "--call-id=" .. call, "--direction=" .. (variable("zammad_direction") == "out" and "out" or "in") }
    local cause, bridge = variable("hangup_cause"), variable("originate_disposition")
    if variable("zammad_answered") == "true" then
        table.insert(options, "--answered")
        cause = "NORMAL_CLEARING"
    elseif cause == "NORMAL_CLEARING" and bridge ~= "SUCCESS" then
        -- The route came to its end. How its last bridge ended says more.
        cause = bridge or cause
    end
    if word(cause) then table.insert(options, "--cause=" .. cause) end
    api:execute("bg_system", command("hangup", options))
end

local event = argv[1]
if event == "in" or event == "out" then
    new_call(event)
elseif event == "answer" or event == "voicemail" then
    answer(event == "voicemail")
elseif event == "hangup" then
    hangup()
else
    freeswitch.consoleLog("ERR", "zammad.lua: in, out, voicemail, answer or hangup, not " .. tostring(event) .. "\n")
end
