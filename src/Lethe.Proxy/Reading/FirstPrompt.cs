using Lethe.Ingest.Reading;

namespace Lethe.Proxy.Reading;

/// <summary>What a session began with. Only its first turn is read, however long it is.</summary>
internal static class FirstPrompt
{
    /// <summary>The first prompt of the first call; null when it has none.</summary>
    public static string? Of(StoreReader reader, string org, SessionSummary session) => AllOf(reader, org, session).FirstOrDefault();

    /// <summary>Every prompt of the first call, in its order: an agent may send several messages with it.</summary>
    public static IEnumerable<string> AllOf(StoreReader reader, string org, SessionSummary session) =>
        session.IsPlaceholder ? [] : reader.Conversation(org, session.SessionId, turn: 1).Take(1).SelectMany(turn => turn.NewMessages).Select(PromptText.Of).OfType<string>();
}
