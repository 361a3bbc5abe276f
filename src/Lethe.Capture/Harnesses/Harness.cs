namespace Lethe.Capture.Harnesses;

/// <summary>One agent program: the signs it is known by, and how its calls name their session.</summary>
internal sealed record Harness(string Id, Mark[] Marks, Action<WireEvidence, EnvelopeDraft> Read);
