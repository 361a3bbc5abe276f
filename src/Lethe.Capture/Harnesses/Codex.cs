using System.Text.Json;

namespace Lethe.Capture.Harnesses;

/// <summary>Codex: session and thread in headers, in <c>client_metadata</c> and in a JSON header; a thread that is not the root is a session of its own.</summary>
internal static class Codex
{
    private const string TurnMetadata = "x-codex-turn-metadata";
    private const string ParentThread = "x-codex-parent-thread-id";

    public static readonly Harness Entry = new(
        "codex",
        [
            Mark.Header("x-codex-window-id"),
            Mark.Header(ParentThread),
            new Mark(Trust.OwnHeader, "header:" + TurnMetadata, wire => wire.RawHeader(TurnMetadata) is not null),
            new Mark(Trust.OwnBodyField, "body:client_metadata.x-codex-installation-id", wire => wire.Body("client_metadata.x-codex-installation-id") is not null),
            Mark.Header("originator", "codex", Trust.Originator),
            Mark.UserAgent("codex_"),
            Mark.UserAgent("codex-"),
            Mark.UserAgent("codex/"),
        ],
        Read);

    private static void Read(WireEvidence wire, EnvelopeDraft draft)
    {
        // Of the JSON header only ids are read: it holds the user's prompt as well.
        var turn = TurnMetadataOf(wire, out var source);
        draft.HarnessVersion(wire.Version("codex") ?? wire.Header("version"));
        draft.Prompt(wire.Body("client_metadata.turn_id") ?? FromTurn("turn_id"));
        draft.Kind(FromTurn("request_kind") ?? wire.Header("x-openai-subagent") ?? MemoryCall(wire));

        var session = Agreed([wire.Header("session-id"), wire.Body("client_metadata.session_id"), FromTurn("session_id")], draft);
        var thread = Agreed([wire.Header("thread-id"), wire.Body("client_metadata.thread_id"), FromTurn("thread_id")], draft);
        if (draft.SessionDisputed)
        {
            return;
        }

        session ??= wire.AnyHeader("session_id", "conversation_id");
        if (session is { } root && thread is { } child && child.Value != root.Value)
        {
            draft.Child(child, wire.Header(ParentThread) ?? wire.Body("client_metadata." + ParentThread) ?? FromTurn("parent_thread_id") ?? root, root);
            draft.Thread(child);
            draft.SessionName(FromTurn("agent_name"));
            return;
        }

        draft.Session(session);
        draft.ParentInSameHarness(FromTurn("forked_from_thread_id"));

        Clue? FromTurn(string name) => WireEvidence.Text(turn, name) is { } value ? new Clue(value, $"{source}.{name}") : null;
    }

    private static Clue? MemoryCall(WireEvidence wire) => wire.Header("x-openai-memgen-request") is { } call ? call with { Value = "memory" } : null;

    private static JsonElement? TurnMetadataOf(WireEvidence wire, out string source)
    {
        source = "header:" + TurnMetadata;
        if (WireEvidence.Embedded(wire.RawHeader(TurnMetadata)) is { } header)
        {
            return header;
        }

        source = "body:client_metadata." + TurnMetadata;
        return WireEvidence.Embedded(wire.Body("client_metadata." + TurnMetadata, WireLimits.EmbeddedJsonCharsMax)?.Value);
    }

    /// <summary>The first that is there, when all that are there agree; else the session is disputed.</summary>
    private static Clue? Agreed(ReadOnlySpan<Clue?> told, EnvelopeDraft draft)
    {
        Clue? first = null;
        foreach (var clue in told)
        {
            if (first is { } one && clue is { } other && one.Value != other.Value)
            {
                draft.DisputeSession($"{one.Source}|{other.Source}");
                return null;
            }

            first ??= clue;
        }

        return first;
    }
}
