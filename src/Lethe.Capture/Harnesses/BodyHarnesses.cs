namespace Lethe.Capture.Harnesses;

/// <summary>Harnesses that name their session in the body, in the vendor's own headers, or not at all.</summary>
internal static class BodyHarnesses
{
    public static readonly Harness GeminiCli = new(
        "gemini-cli",
        [
            Mark.UserAgent("GeminiCLI"),
            new Mark(Trust.UserAgent, "header:user-agent", wire => wire.UserAgent is { } agent && agent.Contains("proxy_client=geminicli", StringComparison.Ordinal)),
        ],
        static (wire, draft) =>
        {
            draft.HarnessVersion(wire.Version("GeminiCLI") ?? wire.Version("CloudCodeVSCode"));
            draft.Session(wire.Body("request.session_id"));
            draft.Prompt(wire.Body("user_prompt_id"));
            draft.Kind(wire.Openings.Say("Task Routing AI") ? new Clue("router", "inference:system_prompt") : null);
        });

    public static readonly Harness QwenCode = new(
        "qwen-code",
        [Mark.Header("x-qwen-code-session-id"), Mark.Header("x-dashscope-useragent", "QwenCode/"), Mark.UserAgent("QwenCode/")],
        static (wire, draft) =>
        {
            draft.HarnessVersion(wire.Version("QwenCode"));
            draft.Session(wire.Header("x-qwen-code-session-id") ?? wire.Body("metadata.sessionId"));
            draft.Prompt(wire.Body("metadata.promptId"));
        });

    public static readonly Harness CopilotCli = new(
        "copilot-cli",
        [Mark.Header("x-client-session-id"), Mark.UserAgent("copilot/"), Mark.Prompt("You are the GitHub Copilot CLI")],
        static (wire, draft) =>
        {
            draft.HarnessVersion(wire.Version("copilot"));
            draft.Session(wire.Header("x-client-session-id"));
            // On the main thread the task id is that of the request; only an agent below another one is a thread.
            draft.Thread(wire.Header("x-parent-agent-id") is null ? null : wire.Header("x-agent-task-id"));
            draft.Prompt(wire.Header("x-interaction-id"));
            draft.Kind(wire.Header("x-interaction-type"));
        });

    public static readonly Harness CopilotChat = new(
        "copilot-chat",
        [Mark.UserAgent("GitHubCopilotChat/"), Mark.Header("copilot-integration-id", "vscode-chat", Trust.Title)],
        static (wire, draft) =>
        {
            draft.HarnessVersion(wire.Version("GitHubCopilotChat"));
            draft.Session(wire.Header("vscode-sessionid"));
            draft.Prompt(wire.Header("x-interaction-id"));
            draft.Kind(wire.Header("x-interaction-type"));
        });

    public static readonly Harness Aider = new(
        "aider",
        [Mark.Header("editor-version", "aider/"), Mark.Title("Aider"), Mark.Site("https://aider.chat")],
        static (wire, draft) => draft.HarnessVersion(
            wire.Header("editor-version") is { } editor && editor.Value.StartsWith("aider/", StringComparison.OrdinalIgnoreCase)
                ? editor with { Value = editor.Value["aider/".Length..] }
                : null));

    public static readonly Harness Continue = new(
        "continue",
        [Mark.Header("x-continue-unique-id"), Mark.UserAgent("Continue"), Mark.Prompt("agent in the Continue CLI")],
        static (wire, draft) => draft.HarnessVersion(wire.Version("Continue")));

    public static readonly Harness Zed = new(
        "zed",
        [Mark.UserAgent("Zed/")],
        static (wire, draft) =>
        {
            draft.HarnessVersion(wire.Version("Zed"));
            draft.Session(wire.Body("thread_id"));
            draft.Prompt(wire.Body("prompt_id"));
            draft.Kind(wire.Body("intent"));
        });
}
