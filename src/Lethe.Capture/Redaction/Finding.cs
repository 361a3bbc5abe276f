namespace Lethe.Capture.Redaction;

/// <summary>What an anchor turned out to be: a secret from <see cref="Start"/> to <see cref="End"/>, nothing, or not to be told yet.</summary>
internal readonly record struct Finding(int Start, int End, string? Kind)
{
    public static readonly Finding Nothing;

    /// <summary>More text must come before it can be told.</summary>
    public static readonly Finding Unsure = new(0, -1, null);

    public bool IsSecret => Kind is not null;

    public bool IsUnsure => End < 0;
}
