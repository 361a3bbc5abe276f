namespace Lethe.Capture.Harnesses;

/// <summary>
/// Session headers that gateways and several harnesses agree on. <c>traceparent</c> and <c>x-client-request-id</c> are not among them:
/// the one names an operation, not a conversation, and the other is a request id here and a thread id there.
/// </summary>
internal static class GenericHeaders
{
    public static void Read(WireEvidence wire, EnvelopeDraft draft)
    {
        // The session-id and thread-id pair means a thread only when both are there and differ.
        if (wire.Header("thread-id") is { } thread && wire.Header("session-id") is { } root && thread.Value != root.Value
            && !draft.SessionDisputed && (draft.SessionId is null || draft.HasExplicitSession))
        {
            draft.Child(thread, root, root);
            draft.Thread(thread);
        }

        draft.OwnSession(Session(wire), wire.Header("x-parent-session-id"));
        draft.SessionName(wire.Header("helicone-session-name"));
        draft.Kind(wire.Header("helicone-session-path"));
    }

    public static Clue? Session(WireEvidence wire) => wire.AnyHeader(
        "agent-session-id",
        "x-agent-session-id",
        "x-session-id",
        "session-id",
        "session_id",
        "conversation_id",
        "x-session-affinity",
        "x-litellm-session-id",
        "helicone-session-id",
        "x-portkey-trace-id") ?? wire.Body("session_id");
}
