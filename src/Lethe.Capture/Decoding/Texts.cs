namespace Lethe.Capture.Decoding;

/// <summary>Texts put behind one another; a single one is given back as it is, for replies can be long.</summary>
internal static class Texts
{
    /// <summary>Null when there is none.</summary>
    public static string? Join(List<string> pieces) => pieces.Count switch
    {
        0 => null,
        1 => pieces[0],
        _ => string.Concat(pieces),
    };
}
