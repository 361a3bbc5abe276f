namespace Lethe.Capture.Harnesses;

/// <summary>How much a client may say about itself. What is longer is not believed: a shortened id could be another session's.</summary>
internal static class WireLimits
{
    public const int IdCharsMax = 256;
    public const int CwdCharsMax = 4096;
    public const int NameBytesMax = 256;
    public const int MetadataBytesMax = 4 * 1024;
    public const int UserAgentCharsMax = 512;

    /// <summary>All explicit headers of one call together; over it the metadata is dropped.</summary>
    public const int ExplicitBytesMax = 8 * 1024;

    /// <summary>A JSON document inside a header or a body field.</summary>
    public const int EmbeddedJsonCharsMax = 16 * 1024;

    public const int EmbeddedJsonDepthMax = 16;

    /// <summary>How much of a system prompt's beginning is looked at.</summary>
    public const int OpeningBytesMax = 256;

    public const int OpeningsMax = 4;

    /// <summary>How many of a request's tools are looked at.</summary>
    public const int ToolsMax = 256;

    /// <summary>True when the value is of that length at most, not blank, and free of control characters.</summary>
    public static bool Allows(string value, int charsMax) =>
        value.Length <= charsMax && !string.IsNullOrWhiteSpace(value) && !HasControl(value);

    /// <summary>True for C0 controls and DEL.</summary>
    public static bool HasControl(ReadOnlySpan<char> value) => value.ContainsAnyInRange('\0', '\u001f') || value.Contains('\u007f');
}
