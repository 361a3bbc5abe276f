namespace Lethe.Capture.Harnesses;

/// <summary>The agents that can be told from the wire. Whoever adds one adds a row here, and a call of its own to the tests.</summary>
internal static class KnownAgents
{
    public static readonly Harness[] All =
    [
        new(
            "claude-code",
            Mark.Header("x-claude-code-session-id"), Mark.Header("x-claude-code-agent-id"),
            new Mark(Trust.OwnBodyField, "body:metadata.user_id", wire => ClaudeCode.BodySession(wire) is not null),
            Mark.UserAgent("claude-cli/"), Mark.Header("x-app", "cli", Trust.Title), Mark.Prompt("x-anthropic-billing-header: cc_version="),
            Mark.Prompt("You are Claude Code, Anthropic's official CLI"), Mark.Offers("Agent", "Bash", "Edit", "Read", "Skill"), Mark.Offers("Task", "Bash", "Edit", "Read", "TodoWrite"))
        {
            Products = ["claude-cli"], Prompt = ["header:x-claude-code-prompt-id"], Own = ClaudeCode.Read,
        },
        new(
            "codex",
            Mark.Header("x-codex-window-id"), Mark.Header("x-codex-parent-thread-id"), Mark.Header("x-codex-installation-id"), Mark.RawHeader("x-codex-turn-metadata"),
            Mark.Body("client_metadata.x-codex-installation-id"), Mark.Header("originator", "codex", Trust.Originator),
            Mark.UserAgent("codex_"), Mark.UserAgent("codex-"), Mark.UserAgent("codex/"), Mark.Prompt("running in the Codex CLI"), Mark.Offers("exec_command", "write_stdin", "apply_patch"))
        {
            Products = ["codex"], Version = ["header:version"], Own = Codex.Read,
        },
        new(
            "opencode",
            Mark.Header("x-opencode-client"), Mark.Header("x-opencode-project"), Mark.UserAgent("opencode/"), Mark.Prompt("You are OpenCode"),
            Mark.Header("x-opencode-session", "", Trust.Borrowed))
        {
            Products = ["opencode"], Session = ["header:x-opencode-session", "header:x-session-id", "header:x-session-affinity", "header:x-interaction-id"],
            Parent = ["header:x-parent-session-id"], Prompt = ["header:x-opencode-request"], Kind = ["header:x-interaction-type"],
        },
        new("kilo", Mark.Header("x-kilocode-taskid"), Mark.UserAgent("Kilo-Code/"), Mark.Title("Kilo Code"), Mark.Site("https://kilocode.ai"), Mark.Prompt("You are Kilo"))
        {
            Products = ["Kilo-Code"], Session = ["header:x-session-id", "header:x-session-affinity", "header:x-kilocode-taskid"],
            Parent = ["header:x-parent-session-id", "header:x-kilocode-parent-taskid"],
        },
        new(
            "gemini-cli",
            Mark.UserAgent("GeminiCLI"), Mark.UserAgentSays("proxy_client=geminicli"), Mark.Prompt("You are Gemini CLI"), Mark.Prompt("interactive CLI agent specializing in software engineering"),
            Mark.Offers("list_directory", "read_file", "replace", "run_shell_command", "google_web_search"))
        {
            Products = ["GeminiCLI", "CloudCodeVSCode"], Session = ["body:request.session_id"], Prompt = ["body:user_prompt_id"],
        },
        new("qwen-code", Mark.Header("x-qwen-code-session-id"), Mark.Header("x-dashscope-useragent", "QwenCode/"), Mark.UserAgent("QwenCode/"), Mark.Prompt("You are Qwen Code"))
        {
            Products = ["QwenCode"], Session = ["header:x-qwen-code-session-id", "body:metadata.sessionId"], Prompt = ["body:metadata.promptId"],
        },
        new(
            "pi",
            Mark.Originator("pi"), Mark.Prompt("operating inside pi", Trust.OwnPrompt), Mark.UserAgent("pi ("),
            new Mark(Trust.Tools, "inference:tool_names", wire =>
                wire.Openings.Say("You are an expert coding assistant") && ToolSet.Is(wire, "read", "bash", "edit", "write")))
        {
            Session = ["header:session_id", "header:x-session-affinity", "header:x-affinity"],
        },
        new(
            "copilot-cli",
            Mark.Header("x-client-session-id"), Mark.UserAgent("copilot/"), Mark.Prompt("You are the GitHub Copilot CLI"),
            Mark.Offers("bash", "read_bash", "stop_bash", "fetch_copilot_cli_documentation"))
        {
            Products = ["copilot"], Session = ["header:x-client-session-id"], Prompt = ["header:x-interaction-id"], Kind = ["header:x-interaction-type"],
            // On the main thread the task id is that of the request; only an agent below another one is a thread.
            Own = static (wire, draft) => draft.Thread(wire.Header("x-parent-agent-id") is null ? null : wire.Header("x-agent-task-id")),
        },
        new("copilot-chat", Mark.UserAgent("GitHubCopilotChat/"), Mark.Header("copilot-integration-id", "vscode-chat", Trust.Title), Mark.Header("editor-plugin-version", "copilot-chat/", Trust.Title))
        {
            Products = ["GitHubCopilotChat"], Version = ["header:editor-plugin-version"], Session = ["header:vscode-sessionid"],
            Prompt = ["header:x-interaction-id"], Kind = ["header:x-interaction-type"],
        },
        new("crush", Mark.Header("x-crush-id"), Mark.UserAgent("Charm-Crush/"), Mark.Prompt("You are Crush"))
        {
            Products = ["Charm-Crush"], Session = ["header:x-session-id", "header:x-session-affinity"],
        },
        new("goose", Mark.Header("goose-session-id"), Mark.UserAgent("goose/"), Mark.Prompt("AI agent called goose"))
        {
            Products = ["goose"], Session = ["header:agent-session-id", "header:goose-session-id", "header:x-opencode-session", "body:user"],
        },
        new("cline", Mark.Originator("cline"), Mark.UserAgent("Cline/"), Mark.Title("Cline"), Mark.Site("https://cline.bot"), Mark.Prompt("You are Cline"))
        {
            Products = ["Cline"], Version = ["header:x-core-version", "header:x-client-version"], Session = ["header:x-task-id", "header:session_id"],
        },
        new(
            "roo-code",
            Mark.Header("x-roo-task-id"), Mark.UserAgent("RooCode/"), Mark.Title("Roo Code"), Mark.Site("https://github.com/RooVetGit/Roo-Cline"), Mark.Prompt("You are Roo,"))
        {
            Products = ["RooCode"], Session = ["header:x-roo-task-id", "body:requesty.trace_id", "body:unbound_metadata.taskId", "body:taskId"],
        },
        new("aider", Mark.Header("editor-version", "aider/"), Mark.Title("Aider"), Mark.Site("https://aider.chat"))
        {
            Version = ["header:editor-version"],
        },
        new("openhands", Mark.UserAgent("OpenHands/"), Mark.Title("OpenHands"), Mark.Prompt("You are OpenHands"))
        {
            Products = ["OpenHands"], Session = ["header:x-litellm-session-id"],
        },
        new("continue", Mark.Header("x-continue-unique-id"), Mark.UserAgent("Continue"), Mark.Prompt("agent in the Continue CLI"), Mark.Offers("Checklist", "CheckBackgroundJob", "AskQuestion"))
        {
            Products = ["Continue"],
        },
        new("zed", Mark.UserAgent("Zed/"))
        {
            Products = ["Zed"], Session = ["body:thread_id"], Prompt = ["body:prompt_id"], Kind = ["body:intent"],
        },
    ];
}
