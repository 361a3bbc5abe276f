using System.Text.Json;

namespace Lethe.Capture.Harnesses;

/// <summary>Claude Code: session in a header and in <c>metadata.user_id</c> (JSON, or the older underscored form); agents share their root's id.</summary>
internal static class ClaudeCode
{
    private const string SessionHeader = "x-claude-code-session-id";
    private const string AgentHeader = "x-claude-code-agent-id";
    private const string UserIdField = "metadata.user_id";

    public static void Read(WireEvidence wire, EnvelopeDraft draft)
    {
        var told = wire.AnyHeader("x-claude-code-request-class", "x-claude-1p-request-class");
        draft.Kind(SideCall(wire, told) ?? RequestKinds.Of(wire, told ?? Agent(wire)));

        var native = wire.Header(SessionHeader) ?? BodySession(wire) ?? GenericHeaders.Session(wire);
        var namesRoot = !draft.HasExplicitSession || draft.NamesRun(native?.Value);
        draft.Session(native);
        if (wire.Header(AgentHeader) is { } agent)
        {
            draft.Thread(agent);
            draft.SessionName(wire.Header("x-claude-code-agent-type"));
            if (namesRoot)
            {
                draft.DescendTo(agent, wire.Header("x-claude-code-parent-agent-id"));
            }
        }
    }

    // A call beside the conversation: whether there is quota left, or what the session is to be called.
    private static Clue? SideCall(WireEvidence wire, Clue? told)
    {
        if (told is { Value: not ("auxiliary" or "background-task") })
        {
            return null;
        }

        if (wire.BodyValue("max_tokens") is { ValueKind: JsonValueKind.Number } max && max.TryGetInt32(out var tokens) && tokens == 1)
        {
            return new Clue(RequestKinds.Quota, "inference:max_tokens");
        }

        var hasTools = wire.BodyValue("tools") is { ValueKind: JsonValueKind.Array } tools && tools.GetArrayLength() > 0;
        return !hasTools && wire.Body("output_config.format.type") is { Value: "json_schema" }
            ? new Clue(RequestKinds.Title, "inference:output_format")
            : null;
    }

    // Releases that do not name the agent say so in the billing line of the system prompt.
    private static Clue? Agent(WireEvidence wire) =>
        wire.Header(AgentHeader) is { } agent ? agent with { Value = RequestKinds.SubAgent }
        : wire.Openings.Say("cc_is_subagent=true") ? new Clue(RequestKinds.SubAgent, "inference:system_prompt")
        : null;

    public static Clue? BodySession(WireEvidence wire)
    {
        if (wire.Body(UserIdField, WireLimits.EmbeddedJsonCharsMax) is not { } userId)
        {
            return null;
        }

        var session = userId.Value.StartsWith('{') ? OfJson(WireEvidence.Embedded(userId.Value)) : OfUnderscores(userId.Value);
        return session is null ? null : userId with { Value = session };
    }

    private static string? OfJson(JsonElement? userId) =>
        WireEvidence.Text(userId, "device_id") is not null || userId?.TryGetProperty("account_uuid", out _) is true
            ? WireEvidence.Text(userId, "session_id")
            : null;

    /// <summary><c>user_HASH_account_UUID_session_UUID</c>, the account possibly empty.</summary>
    private static string? OfUnderscores(string userId)
    {
        const string Separator = "_session_";
        var at = userId.LastIndexOf(Separator, StringComparison.Ordinal);
        return at > 0 && userId.StartsWith("user_", StringComparison.Ordinal) && userId.Contains("_account_", StringComparison.Ordinal)
            && Guid.TryParse(userId.AsSpan(at + Separator.Length), out _)
            ? userId[(at + Separator.Length)..]
            : null;
    }
}
