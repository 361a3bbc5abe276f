using System.Runtime.InteropServices;
using System.Text.Json;

namespace Lethe.Capture.Harnesses;

/// <summary>Claude Code: session in a header and in <c>metadata.user_id</c> (JSON, or the older underscored form); agents share their root's id.</summary>
internal static class ClaudeCode
{
    private const string SessionHeader = "x-claude-code-session-id";
    private const string AgentHeader = "x-claude-code-agent-id";
    private const string UserIdField = "metadata.user_id";

    public static readonly Harness Entry = new(
        "claude-code",
        [
            Mark.Header(SessionHeader),
            Mark.Header(AgentHeader),
            new Mark(Trust.OwnBodyField, "body:" + UserIdField, wire => BodySession(wire) is not null),
            Mark.UserAgent("claude-cli/"),
        ],
        Read);

    private static void Read(WireEvidence wire, EnvelopeDraft draft)
    {
        draft.HarnessVersion(wire.Version("claude-cli"));
        draft.Prompt(wire.Header("x-claude-code-prompt-id"));
        draft.Kind(wire.AnyHeader("x-claude-code-request-class", "x-claude-1p-request-class") ?? SideCall(wire) ?? Agent(wire));

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
    private static Clue? SideCall(WireEvidence wire)
    {
        if (wire.BodyValue("max_tokens") is { ValueKind: JsonValueKind.Number } max && max.TryGetInt32(out var tokens) && tokens == 1)
        {
            return new Clue("quota", "inference:max_tokens");
        }

        var hasTools = wire.BodyValue("tools") is { ValueKind: JsonValueKind.Array } tools && tools.GetArrayLength() > 0;
        if (!hasTools && wire.Body("output_config.format.type") is { Value: "json_schema" })
        {
            return new Clue("title", "inference:output_format");
        }

        return AsksForSummary(wire) ? new Clue("compaction", "inference:messages") : null;
    }

    /// <summary>True when the last message is the one that ends a conversation grown too long: what was said, and these words behind it.</summary>
    private static bool AsksForSummary(WireEvidence wire)
    {
        if (wire.BodyValue("messages") is not { ValueKind: JsonValueKind.Array } messages || messages.GetArrayLength() is not (> 0 and var count)
            || WireEvidence.Member(messages[count - 1], "content") is not { } content)
        {
            return false;
        }

        return content.ValueKind == JsonValueKind.Array
            ? content.EnumerateArray().Any(block => WireEvidence.Member(block, "text") is { } text && Asks(text))
            : Asks(content);

        static bool Asks(JsonElement text) => JsonMarshal.GetRawUtf8Value(text).StartsWith("\"CRITICAL: Respond with TEXT ONLY"u8);
    }

    // Releases that do not name the agent say so in the billing line of the system prompt.
    private static Clue? Agent(WireEvidence wire) =>
        wire.Openings.Say("cc_is_subagent=true") ? new Clue("subagent", "inference:system_prompt") : null;

    private static Clue? BodySession(WireEvidence wire)
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
