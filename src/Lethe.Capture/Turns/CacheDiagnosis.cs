namespace Lethe.Capture.Turns;

/// <summary>Why the vendor itself says that a cache was missed (<c>tools_changed</c>, …), and how many input tokens that cost; null when not told.</summary>
public sealed record CacheDiagnosis(string Reason, long? MissedInputTokens);
