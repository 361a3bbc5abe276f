namespace Lethe.Capture.Harnesses;

/// <summary>Harnesses that name their session, and mostly its parent, in headers of their own.</summary>
internal static class SessionHarnesses
{
    public static readonly Harness OpenCode = new(
        "opencode",
        [Mark.Header("x-opencode-client"), Mark.Header("x-opencode-project"), Mark.UserAgent("opencode/"), Mark.Header("x-opencode-session", "", Trust.Title)],
        static (wire, draft) =>
        {
            draft.HarnessVersion(wire.Version("opencode"));
            draft.OwnSession(wire.AnyHeader("x-opencode-session", "x-session-id", "x-session-affinity", "x-interaction-id"), wire.Header("x-parent-session-id"));
            draft.Prompt(wire.Header("x-opencode-request"));
            draft.Kind(wire.Header("x-interaction-type") ?? TitleCall(wire));
        });

    public static readonly Harness Kilo = new(
        "kilo",
        [Mark.Header("x-kilocode-taskid"), Mark.UserAgent("Kilo-Code/"), Mark.Title("Kilo Code"), Mark.Site("https://kilocode.ai")],
        static (wire, draft) =>
        {
            draft.HarnessVersion(wire.Version("Kilo-Code"));
            draft.OwnSession(wire.AnyHeader("x-session-id", "x-session-affinity", "x-kilocode-taskid"), wire.AnyHeader("x-parent-session-id", "x-kilocode-parent-taskid"));
            draft.Kind(TitleCall(wire));
        });

    public static readonly Harness Pi = new(
        "pi",
        [
            Mark.Originator("pi"), Mark.Prompt("operating inside pi", Trust.OwnPrompt), Mark.UserAgent("pi ("),
            new Mark(Trust.Tools, "inference:tool_names", wire =>
                wire.Openings.Say("You are an expert coding assistant") && ToolSet.Is(wire, "read", "bash", "edit", "write")),
        ],
        static (wire, draft) => draft.Session(wire.AnyHeader("session_id", "x-session-affinity", "x-affinity")));

    public static readonly Harness Crush = new(
        "crush",
        [Mark.Header("x-crush-id"), Mark.UserAgent("Charm-Crush/")],
        static (wire, draft) =>
        {
            draft.HarnessVersion(wire.Version("Charm-Crush"));
            draft.Session(wire.AnyHeader("x-session-id", "x-session-affinity"));
        });

    public static readonly Harness Goose = new(
        "goose",
        [Mark.Header("goose-session-id"), Mark.UserAgent("goose/"), Mark.Prompt("AI agent called goose")],
        static (wire, draft) =>
        {
            draft.HarnessVersion(wire.Version("goose"));
            draft.Session(wire.AnyHeader("agent-session-id", "goose-session-id", "x-opencode-session") ?? wire.Body("user"));
        });

    public static readonly Harness Cline = new(
        "cline",
        [Mark.Originator("cline"), Mark.UserAgent("Cline/"), Mark.Title("Cline"), Mark.Site("https://cline.bot"), Mark.Prompt("You are Cline")],
        static (wire, draft) =>
        {
            draft.HarnessVersion(wire.Version("Cline") ?? wire.AnyHeader("x-core-version", "x-client-version"));
            draft.Session(wire.AnyHeader("x-task-id", "session_id"));
        });

    public static readonly Harness RooCode = new(
        "roo-code",
        [
            Mark.Header("x-roo-task-id"), Mark.UserAgent("RooCode/"), Mark.Title("Roo Code"), Mark.Site("https://github.com/RooVetGit/Roo-Cline"),
            Mark.Prompt("You are Roo,"),
        ],
        static (wire, draft) =>
        {
            draft.HarnessVersion(wire.Version("RooCode"));
            draft.Session(wire.Header("x-roo-task-id") ?? wire.Body("requesty.trace_id") ?? wire.Body("unbound_metadata.taskId") ?? wire.Body("taskId"));
        });

    public static readonly Harness OpenHands = new(
        "openhands",
        [Mark.UserAgent("OpenHands/"), Mark.Title("OpenHands"), Mark.Prompt("You are OpenHands")],
        static (wire, draft) =>
        {
            draft.HarnessVersion(wire.Version("OpenHands"));
            draft.Session(wire.Header("x-litellm-session-id"));
        });

    /// <summary>A small-model call beside the conversation that the client does not mark, but whose prompt says what it is.</summary>
    private static Clue? TitleCall(WireEvidence wire) =>
        wire.Openings.Say("You are a title generator") ? new Clue("title", "inference:system_prompt") : null;
}
