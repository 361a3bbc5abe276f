using System.Text.Json;

namespace Lethe.Capture.Harnesses;

/// <summary>Codex: session and thread in headers, in <c>client_metadata</c> and in a JSON header; a thread that is not the root is a session of its own.</summary>
internal static class Codex
{
    private const string TurnMetadata = "x-codex-turn-metadata";
    private const string ParentThread = "x-codex-parent-thread-id";
    private const string SocketMessage = "response.create";

    public static void Read(WireEvidence wire, EnvelopeDraft draft)
    {
        // The headers of a message in a WebSocket are the handshake's, and tell of whoever opened it: what the message tells itself is believed alone.
        var inSocket = wire.Body("type") is { Value: SocketMessage };
        // Of the JSON header only ids are read: it holds the user's prompt as well.
        var turn = TurnMetadataOf(wire, inSocket, out var source);
        draft.Prompt(wire.Body("client_metadata.turn_id") ?? FromTurn("turn_id"));

        var session = Told("session-id", "session_id");
        var thread = Told("thread-id", "thread_id");
        draft.Kind(RequestKinds.Of(wire, KindOf(wire, FromTurn("request_kind"), inSocket, session, thread)));
        draft.ForkedFrom(FromTurn("forked_from_thread_id"));
        if (draft.SessionDisputed)
        {
            return;
        }

        session ??= wire.AnyHeader("session_id", "conversation_id");
        if (session is { } root && thread is { } child && child.Value != root.Value)
        {
            var (header, field) = (wire.Header(ParentThread), wire.Body("client_metadata." + ParentThread));
            draft.Child(child, (inSocket ? field ?? FromTurn("parent_thread_id") ?? header : header ?? field ?? FromTurn("parent_thread_id")) ?? root, root);
            draft.Thread(child);
            draft.SessionName(FromTurn("agent_name"));
            return;
        }

        draft.Session(session);
        draft.ParentInSameHarness(FromTurn("forked_from_thread_id"));

        Clue? Told(string header, string field)
        {
            var (said, metadata) = (wire.Body("client_metadata." + field), FromTurn(field));
            return Agreed([inSocket && (said ?? metadata) is not null ? null : wire.Header(header), said, metadata], draft);
        }

        Clue? FromTurn(string name) => WireEvidence.Text(turn, name) is { } value ? new Clue(value, $"{source}.{name}") : null;
    }

    // A turn may be another agent's: a header says whose, else that its thread is not the root.
    private static Clue? KindOf(WireEvidence wire, Clue? told, bool inSocket, Clue? root, Clue? thread) =>
        told is { Value: not "turn" } ? told
        : wire.BodyValue("generate") is { ValueKind: JsonValueKind.False } ? new Clue(RequestKinds.Prewarm, "body:generate")
        : (inSocket ? null : wire.Header("x-openai-subagent") ?? MemoryCall(wire))
            ?? (thread is { } child && root is { } above && child.Value != above.Value ? child with { Value = RequestKinds.SubAgent } : told);

    private static Clue? MemoryCall(WireEvidence wire) => wire.Header("x-openai-memgen-request") is { } call ? call with { Value = RequestKinds.Memory } : null;

    private static JsonElement? TurnMetadataOf(WireEvidence wire, bool inSocket, out string source)
    {
        source = "header:" + TurnMetadata;
        if (!inSocket && WireEvidence.Embedded(wire.RawHeader(TurnMetadata)) is { } header)
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
