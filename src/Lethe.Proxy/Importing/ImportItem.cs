using Lethe.Capture.Exchanges;

namespace Lethe.Proxy.Importing;

/// <summary>One thing that a file holds: a call, or a line that the ingest door reads itself, or why there is neither.</summary>
/// <param name="Place">Its line, or its number among the file's entries; from 1 on.</param>
/// <param name="Fault">A stable code; null where all is well.</param>
internal readonly record struct ImportItem(long Place, CapturedExchange? Call, byte[]? Line, string? Fault)
{
    public const string BadJson = "bad_json";
    public const string CutOff = "cut_off";
    public const string BadField = "bad_field";
    public const string TooLarge = "line_too_large";

    public static ImportItem Of(long place, CapturedExchange call) => new(place, call, null, null);

    public static ImportItem Of(long place, byte[] line) => new(place, null, line, null);

    public static ImportItem Faulty(long place, string code) => new(place, null, null, code);
}
