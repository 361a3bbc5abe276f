namespace Lethe.Capture.Harnesses;

/// <summary>One thing the wire told, and where: <c>header:user-agent</c>, <c>body:metadata.user_id</c>, <c>inference:system_prompt</c>.</summary>
internal readonly record struct Clue(string Value, string Source);
