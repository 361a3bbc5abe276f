namespace Lethe.Ingest.Reading;

/// <summary>How a prompt differs from the one before it.</summary>
/// <param name="Tools">The first tool that differs; null where they are the same.</param>
/// <param name="System">The first block of the system prompt that differs.</param>
/// <param name="SharedMessages">How many messages both begin with.</param>
/// <param name="IsCompacted">True when the conversation was compacted between them.</param>
/// <param name="BringsImages">True when nothing else of it differs, and what was said since has pictures.</param>
internal sealed record PromptDifference(string? Tools, string? System, int SharedMessages, bool IsCompacted, bool BringsImages);
