namespace Lethe.Ingest.Reading;

/// <summary>What of a prompt stands before its messages.</summary>
public enum PromptPart
{
    System,
    Tools,
}

/// <summary>How a harness used one system prompt, or one list of tools.</summary>
/// <param name="Hash">64 hex; its text is read by <see cref="StoreReader.Blob"/>.</param>
/// <param name="HarnessVersion">Empty where it was not told.</param>
public sealed record PromptUse(string HarnessId, string HarnessVersion, string Hash, long Calls, IReadOnlyList<string> Sessions, DateTimeOffset FirstSeenAt, DateTimeOffset LastSeenAt);
