using Lethe.Capture.Harnesses;

namespace Lethe.Capture.Tests.Harnesses;

public sealed class OtherHarnessesTests
{
    /// <summary>Headers, body, and what is made of them: harness, version, session, parent, prompt id, kind.</summary>
    public static TheoryData<string, string, string> Requests => new()
    {
        { "User-Agent: opencode/1.18.33 ai-sdk/provider-utils/4.0.40 runtime/bun/1.3.14\nx-session-id: ses_1\nx-session-affinity: ses_1", "{}", "opencode 1.18.33 ses_1 - - -" },
        { "User-Agent: opencode/1.18.33\nx-session-id: ses_2\nx-parent-session-id: ses_1", "{}", "opencode 1.18.33 ses_2 opencode:ses_1 - sub_agent" },
        { "User-Agent: opencode/1.18.33\nx-opencode-session: ses_3\nx-opencode-request: msg_4\nx-opencode-client: cli", "{}", "opencode 1.18.33 ses_3 - msg_4 -" },
        { "User-Agent: opencode/1.18.33\nx-session-id: ses_1", """{"messages":[{"role":"system","content":"You are a title generator. Be brief."}]}""", "opencode 1.18.33 ses_1 - - title" },
        { "User-Agent: Kilo-Code/7.7.9 ai-sdk/x runtime/bun/1\nx-session-id: ses_5\nx-parent-session-id: ses_4\nx-title: Kilo Code", "{}", "kilo 7.7.9 ses_5 kilo:ses_4 - sub_agent" },
        { "X-KILOCODE-TASKID: task-2\nX-KILOCODE-PARENT-TASKID: task-1", "{}", "kilo - task-2 kilo:task-1 - sub_agent" },
        { "User-Agent: GeminiCLI-tui/0.61.0/gemini-3.1-pro-preview (linux; x64; terminal)", "{}", "gemini-cli 0.61.0 - - - -" },
        { "User-Agent: CloudCodeVSCode/2.3 (aidev_client; proxy_client=geminicli)", """{"request":{"session_id":"g-1"},"user_prompt_id":"p-1","project":"x"}""", "gemini-cli 2.3 g-1 - p-1 -" },
        { "User-Agent: GeminiCLI/0.61.0/gemini-flash (linux; x64)", """{"systemInstruction":{"parts":[{"text":"\nYou are a specialized Task Routing AI."}]}}""", "gemini-cli 0.61.0 - - - router" },
        { "User-Agent: QwenCode/0.24.4 (linux; x64)", """{"metadata":{"sessionId":"q-1","promptId":"q-1########2"}}""", "qwen-code 0.24.4 q-1 - q-1########2 -" },
        { "User-Agent: OpenAI/JS 6.26.0\noriginator: pi\nsession_id: pi-1\nx-client-request-id: pi-1", "{}", "pi - pi-1 - - -" },
        { "User-Agent: Anthropic/JS 0.91.1", """{"system":"You are an expert coding assistant operating inside pi, a harness."}""", "pi - - - - -" },
        { "User-Agent: Anthropic/JS 0.91.1", """{"system":"You are an expert coding assistant.","tools":[{"name":"read"},{"name":"bash"},{"name":"edit"},{"function":{"name":"write"}}]}""", "pi - - - - -" },
        { "User-Agent: Anthropic/JS 0.91.1", """{"system":"You are an expert coding assistant.","tools":[{"name":"read"},{"name":"bash"},{"name":"edit"},{"name":"delete"}]}""", "sdk:anthropic-js 0.91.1 - - - -" },
        { "User-Agent: OpenAI/JS 5.20.1\nX-Client-Session-Id: cp-1\nX-Interaction-Id: i-1\nX-Interaction-Type: conversation-user\nX-Agent-Task-Id: t-1", "{}", "copilot-cli - cp-1 - i-1 main" },
        { "User-Agent: Anthropic/JS 0.94.0\nx-initiator: user", """{"system":[{"type":"text","text":"You are the GitHub Copilot CLI, a terminal assistant."}]}""", "copilot-cli - - - - -" },
        { "User-Agent: GitHubCopilotChat/0.31.2\nVScode-SessionId: vs-1\nX-Interaction-Id: i-2\nX-Interaction-Type: conversation-agent\nX-Agent-Task-Id: r-9", "{}", "copilot-chat 0.31.2 vs-1 - i-2 main" },
        { "User-Agent: Charm-Crush/0.40.1 (https://charm.land/crush)\nx-session-id: 00ff", "{}", "crush 0.40.1 00ff - - -" },
        { "goose-session-id: 20261121_1", "{}", "goose - 20261121_1 - - -" },
        { "agent-session-id: 20261121_2", """{"messages":[{"role":"system","content":"You are a general-purpose AI agent called goose."}]}""", "goose - 20261121_2 - - -" },
        { "HTTP-Referer: https://block.github.io/goose", """{"user":"20261121_3","messages":[{"role":"system","content":"You are a general-purpose AI agent called goose."}]}""", "goose - 20261121_3 - - -" },
        { "User-Agent: Cline/3.0.65\nX-Task-ID: c-1", "{}", "cline 3.0.65 c-1 - - -" },
        { "originator: cline\nsession_id: c-2", "{}", "cline - c-2 - - -" },
        { "User-Agent: ai-sdk/openai-compatible/3.0.37 ai-sdk/provider-utils/5.0.30", """{"messages":[{"role":"system","content":"You are Cline, an engineer."}]}""", "cline - - - - -" },
        { "User-Agent: RooCode/3.25.0\nX-Roo-Task-ID: r-1", "{}", "roo-code 3.25.0 r-1 - - -" },
        { "HTTP-Referer: https://github.com/RooVetGit/Roo-Cline\nX-Title: Roo Code", """{"requesty":{"trace_id":"r-2"}}""", "roo-code - r-2 - - -" },
        { "User-Agent: RooCode/3.25.0", """{"unbound_metadata":{"originApp":"roo-code","taskId":"r-3"}}""", "roo-code 3.25.0 r-3 - - -" },
        { "HTTP-Referer: https://aider.chat\nX-Title: Aider", "{}", "aider - - - - -" },
        { "Editor-Version: aider/0.86.1", "{}", "aider 0.86.1 - - - -" },
        { "X-Title: OpenHands\nx-litellm-session-id: oh-1", "{}", "openhands - oh-1 - - -" },
        { "User-Agent: ls/JS 5.23.2", """{"messages":[{"role":"system","content":"You are an agent in the Continue CLI. Given"}]}""", "continue - - - - -" },
        { "User-Agent: Continue-CLI/1.5.47", "{}", "continue 1.5.47 - - - -" },
        { "User-Agent: Zed/0.192.7 (macos; aarch64)", """{"thread_id":"z-1","prompt_id":"z-p","intent":"user_prompt"}""", "zed 0.192.7 z-1 - z-p main" },
        { "User-Agent: pi (linux 6.1; x64)\noriginator: pi\nsession_id: pi-2", "{}", "pi - pi-2 - - -" },
        { "User-Agent: OpenAI/JS 6.26.0\noriginator: pi\nx-affinity: pi-3", "{}", "pi - pi-3 - - -" },
        { "User-Agent: opencode/1.18.33\nx-interaction-id: ses_6\nx-initiator: agent\nx-interaction-type: conversation-agent", "{}", "opencode 1.18.33 ses_6 - - main" },
        { "X-Qwen-Code-Session-Id: q-2\nX-DashScope-UserAgent: QwenCode/0.24.4 (linux; x64)", "{}", "qwen-code - q-2 - - -" },
        { "User-Agent: Charm-Crush/0.40.1\nx-session-affinity: 01ff\nx-crush-id: m-1", "{}", "crush 0.40.1 01ff - - -" },
        { "User-Agent: goose/1.9.0\nx-opencode-session: 20261121_5", "{}", "goose 1.9.0 20261121_5 - - -" },
        { "HTTP-Referer: https://cline.bot\nX-Title: Cline\nX-CORE-VERSION: 3.36.1\nX-Task-ID: c-3", "{}", "cline 3.36.1 c-3 - - -" },
        { "User-Agent: OpenHands/1.4.0\nx-litellm-session-id: oh-2", """{"prompt_cache_key":"oh-1"}""", "openhands 1.4.0 oh-2 - - -" },
        { "x-continue-unique-id: u-1", "{}", "continue - - - - -" },
        { "Editor-Version: vscode/1.109.0\nEditor-Plugin-Version: copilot-chat/0.31.2\nCopilot-Integration-Id: vscode-chat\nX-Interaction-Type: conversation-background", "{}", "copilot-chat 0.31.2 - - - other" },
        { "X-Agent-Session-Id: hermes-1", "{}", "unknown - hermes-1 - - -" },
        { "User-Agent: litellm/1.80.0\nx-session-id: harbor-1", "{}", "sdk:litellm 1.80.0 harbor-1 - - -" },
        { "User-Agent: OpenAI/Python 2.8.1\nX-Stainless-Retry-Count: 1\nX-Stainless-Lang: python", "{}", "sdk:openai-python 2.8.1 - - - -" },
        // Behind a gateway that keeps no header of theirs.
        { "User-Agent: Go-http-client/2.0", """{"system":[{"type":"text","text":"x-anthropic-billing-header: cc_version=2.1.329.97f; cc_entrypoint=cli;"}]}""", "claude-code - - - - -" },
        { "User-Agent: Go-http-client/2.0", """{"tools":[{"name":"Agent"},{"name":"Bash"},{"name":"Edit"},{"name":"Read"},{"name":"Skill"},{"name":"Write"}]}""", "claude-code - - - - -" },
        { "User-Agent: Go-http-client/2.0", """{"tools":[{"type":"function","name":"exec_command"},{"type":"function","name":"write_stdin"},{"type":"custom","name":"apply_patch"}]}""", "codex - - - - -" },
        { "User-Agent: Go-http-client/2.0", """{"system":"You are OpenCode, an agent."}""", "opencode - - - - -" },
        { "User-Agent: Go-http-client/2.0", """{"systemInstruction":{"parts":[{"text":"You are Gemini CLI, an agent."}]}}""", "gemini-cli - - - - -" },
        { "User-Agent: Go-http-client/2.0", """{"tools":[{"functionDeclarations":[{"name":"list_directory"},{"name":"read_file"},{"name":"replace"},{"name":"run_shell_command"},{"name":"google_web_search"}]}]}""", "gemini-cli - - - - -" },
        { "User-Agent: Go-http-client/2.0", """{"messages":[{"role":"system","content":"You are Qwen Code, an agent."}]}""", "qwen-code - - - - -" },
        { "User-Agent: OpenAI/JS 5.20.1", """{"tools":[{"function":{"name":"bash"}},{"function":{"name":"read_bash"}},{"function":{"name":"stop_bash"}},{"function":{"name":"fetch_copilot_cli_documentation"}}]}""", "copilot-cli - - - - -" },

        // Against what another sign says.
        { "User-Agent: claude-cli/2.1.75\nx-app: cli", """{"system":[{"text":"You are Claude Code, Anthropic's official CLI for Claude."},{"text":"You are an expert coding assistant operating inside pi, a harness."}]}""", "pi - - - - -" },
        { "User-Agent: opencode/1.18.33\nx-session-id: ses_1", """{"system":[{"text":"You are Claude Code, Anthropic's official CLI for Claude."}]}""", "opencode 1.18.33 ses_1 - - -" },
        { "x-opencode-session: 20261121_4", """{"messages":[{"role":"system","content":"You are a general-purpose AI agent called goose."}]}""", "goose - 20261121_4 - - -" },
        { "User-Agent: Kilo-Code/7.7.9\nx-title: Cline\nx-session-id: ses_5", "{}", "kilo 7.7.9 ses_5 - - -" },

        // Beside the conversation.
        { "User-Agent: opencode/1.18.33\nx-session-id: ses_1", """{"messages":[{"role":"user","content":[{"type":"text","text":"Generate a title for this conversation:\n"}]}]}""", "opencode 1.18.33 ses_1 - - title" },
        { "User-Agent: opencode/1.18.33\nx-session-id: ses_2\nx-parent-session-id: ses_1", """{"system":"You are an anchored context summarization assistant."}""", "opencode 1.18.33 ses_2 opencode:ses_1 - compaction" },
        { "User-Agent: opencode/1.18.33\nx-interaction-type: agent-session-name-generation\nx-interaction-id: ses_1", "{}", "opencode 1.18.33 ses_1 - - title" },
        { "User-Agent: GeminiCLI/0.61.0/gemini-flash (linux; x64)", """{"systemInstruction":{"parts":[{"text":"You are the component that summarizes internal chat history into a given structure."}]}}""", "gemini-cli 0.61.0 - - - compaction" },
        { "User-Agent: QwenCode/0.24.4 (linux; x64)", """{"messages":[{"role":"system","content":"You are a security classifier for an AI agent."},{"role":"user","content":"x"}]}""", "qwen-code 0.24.4 - - - other" },
        { "User-Agent: GitHubCopilotChat/0.31.2\nX-Interaction-Type: conversation-subagent", "{}", "copilot-chat 0.31.2 - - - sub_agent" },
        { "User-Agent: Zed/0.192.7 (macos; aarch64)", """{"thread_id":"z-1","intent":"thread_summarization"}""", "zed 0.192.7 z-1 - - title" },
        { "User-Agent: Charm-Crush/0.40.1", """{"messages":[{"role":"system","content":"you will generate a short title based on the first message"}]}""", "crush 0.40.1 - - - title" },
        { "agent-session-id: g-1", "{}", "unknown - g-1 - - -" },
        { "x-session-id: g-2\nx-parent-session-id: g-1", "{}", "unknown - g-2 unknown:g-1 - -" },
        { "Helicone-Session-Id: h-1", "{}", "unknown - h-1 - - -" },
        { "Helicone-Session-Id: h-1\nHelicone-Session-Path: /plan/outline", "{}", "unknown - h-1 - - /plan/outline" },
        { "x-lethe-harness-session-id: job-42\nUser-Agent: opencode/1.18.33\nx-session-id: ses_2\nx-parent-session-id: ses_1", "{}", "opencode 1.18.33 job-42/ses_2 opencode:job-42 - sub_agent" },
        { "x-lethe-harness-session-id: job-42\nUser-Agent: opencode/1.18.33\nx-session-id: ses_1", "{}", "opencode 1.18.33 job-42 - - -" },
        { "x-lethe-harness-session-id: ses_1\nUser-Agent: Kilo-Code/7.7.9\nx-session-id: ses_2\nx-parent-session-id: ses_1", "{}", "kilo 7.7.9 ses_2 kilo:ses_1 - sub_agent" },
        { "x-lethe-harness-session-id: job-42\nx-session-id: g-2\nx-parent-session-id: g-1", "{}", "unknown - job-42/g-2 unknown:job-42 - -" },
        { "x-portkey-trace-id: p-1", "{}", "unknown - p-1 - - -" },
        { "User-Agent: python-httpx/0.28.1", """{"session_id":"or-1"}""", "unknown - or-1 - - -" },
        { "User-Agent: Anthropic/JS 0.128.0", "{}", "sdk:anthropic-js 0.128.0 - - - -" },
        { "User-Agent: AsyncAnthropic/Python 0.49.0", "{}", "sdk:anthropic-python 0.49.0 - - - -" },
        { "User-Agent: AsyncAzureOpenAI/Python 1.99.7", "{}", "sdk:openai-python 1.99.7 - - - -" },
        { "User-Agent: Anthropic/C# 13.11.0", "{}", "sdk:anthropic-dotnet 13.11.0 - - - -" },
        { "User-Agent: OpenAI/2.15.0 (.NET 10.0.0; Linux)", "{}", "sdk:openai-dotnet 2.15.0 - - - -" },
        { "User-Agent: AnthropicClient/C# 13.11.0+ddf1e1a9", "{}", "sdk:anthropic-dotnet 13.11.0 - - - -" },
        { "User-Agent: ai-sdk/anthropic/3.0.1 ai-sdk/provider-utils/4.0.1 runtime/node.js/v22", "{}", "sdk:ai-sdk 3.0.1 - - - -" },
        { "User-Agent: google-genai-sdk/1.49.0 gl-go/go1.26.1", "{}", "sdk:google-genai 1.49.0 - - - -" },
        { "User-Agent: Boto3/1.42.63 md/Botocore#1.42.63 ua/2.1", "{}", "sdk:boto3 1.42.63 - - - -" },
        { "User-Agent: curl/8.5.0", "{}", "unknown - - - - -" },
        { "", "[]", "unknown - - - - -" },
    };

    [Theory]
    [MemberData(nameof(Requests))]
    public void A_client_is_known_by_its_own_signs(string headers, string body, string expected)
    {
        var envelope = Call.Detect(headers, body);
        var parent = envelope.ParentHarnessSessionId is null ? null : $"{envelope.ParentHarnessId}:{envelope.ParentHarnessSessionId}";
        string?[] told = [envelope.HarnessId, envelope.HarnessVersion, envelope.HarnessSessionId, parent, envelope.PromptId, envelope.RequestKind];
        Assert.Equal(expected, string.Join(' ', told.Select(field => field ?? "-")));
    }

    [Fact]
    public void A_copilot_agent_below_another_is_a_thread_of_the_session() => Assert.Equal("t-2", Call.Detect("""
        X-Client-Session-Id: cp-1
        X-Agent-Task-Id: t-2
        X-Parent-Agent-Id: t-1
        """).ThreadId);

    [Theory]
    [InlineData("thread-id: a\nsession-id: a", "a", null)]
    [InlineData("session-id: a", "a", null)]
    [InlineData("thread-id: b", null, null)]
    [InlineData("thread-id: b\nsession-id: a", "b", "b")]
    [InlineData("x-tapes-harness-session-id: s\nthread-id: b\nsession-id: a", "s/b", "b")]
    [InlineData("x-claude-code-agent-id: c\nthread-id: b\nsession-id: a", "a/c", "c")]
    public void A_thread_is_told_by_a_pair_of_headers_that_differ(string headers, string? session, string? thread)
    {
        var envelope = Call.Detect(headers);
        Assert.Equal((session, thread), (envelope.HarnessSessionId, envelope.ThreadId));
    }

    [Fact]
    public void A_gateway_may_name_a_session() =>
        Assert.Equal("Nightly", Call.Detect("Helicone-Session-Id: h-1\nHelicone-Session-Name: Nightly").Name);

    [Fact]
    public void Request_ids_and_trace_ids_are_no_sessions()
    {
        var envelope = Call.Detect("""
            x-client-request-id: 7c0d3b52-8a61-4f0e-9f0f-3c5e6f0a1b2c
            traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01
            """, """{"prompt_cache_key":"k"}""");
        Assert.Null(envelope.HarnessSessionId);
    }

    [Theory]
    [InlineData("x-session-id: a\u0001b")]
    [InlineData("x-session-id: a\u007fb")]
    [InlineData("x-session-id:    ")]
    public void Ids_that_are_not_clean_are_not_believed(string header) => Assert.Null(Call.Detect(header).HarnessSessionId);

    [Fact]
    public void Ids_that_are_too_long_are_not_believed()
    {
        Assert.NotNull(Call.Detect("x-session-id: " + new string('a', WireLimits.IdCharsMax)).HarnessSessionId);
        Assert.Null(Call.Detect("x-session-id: " + new string('a', WireLimits.IdCharsMax + 1)).HarnessSessionId);
        Assert.Null(Call.Detect("", $$"""{"session_id":"{{new string('a', WireLimits.IdCharsMax + 1)}}"}""").HarnessSessionId);
    }

    [Theory]
    [InlineData("""{"session_id":"\ud800","system":["\udfff",{"text":1}],"messages":[[],{"role":1}]}""")]
    [InlineData("""{"\ud800":1,"session_id":7,"metadata":[],"client_metadata":"x","input":[{"role":"developer","content":[{"text":null}]}]}""")]
    [InlineData("""{"system":[{"\ud800":1,"text":"a"}],"messages":[{"\udfff":2,"role":"\ud800"},{"role":"user","content":[{"\ud800":1}]}],"tools":[{"\ud800":3}]}""")]
    [InlineData("""{"metadata":{"\udc00":"x","user_id":"{\"session_id\":"},"system":{"text":[]},"instructions":[[[]]]}""")]
    public void Bodies_of_any_shape_are_survived(string body)
    {
        var envelope = Call.Detect("x-codex-turn-metadata: {\"session_id\":\nx-app: cli", body);
        Assert.Null(envelope.HarnessSessionId);
    }
}
