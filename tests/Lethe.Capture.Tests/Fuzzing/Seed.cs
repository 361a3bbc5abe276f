using System.Text;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Tests.Decoding;

namespace Lethe.Capture.Tests.Fuzzing;

/// <summary>A small call that mutations begin with.</summary>
/// <param name="Response">What is said, before it is framed.</param>
internal sealed record Seed(string Path, byte[] Request, byte[] Response)
{
    public string Method { get; init; } = "POST";

    /// <summary>True for a call that was made by a message inside a WebSocket.</summary>
    public bool IsInSocket { get; init; }

    /// <summary>Puts the response, as it was changed, into frames whose sums are right; null where the frames are a part of the response.</summary>
    public Func<byte[], byte[]>? Framed { get; init; }

    public static Seed Of(string path, string request, string response) => new(path, Encoding.UTF8.GetBytes(request), Encoding.UTF8.GetBytes(response));

    /// <summary>A call that is answered in an AWS event stream, one event a line: its kind, a blank, its payload.</summary>
    public static Seed OfEvents(string path, string request, params string[] events) => Of(path, request, string.Join('\n', events)) with { Framed = Events };

    /// <summary>A call that is answered in the chunks of an AWS event stream, one a line.</summary>
    public static Seed OfChunks(string path, string request, params string[] chunks) => Of(path, request, string.Join('\n', chunks)) with { Framed = Chunks };

    public CapturedExchange Exchange(byte[] request, byte[] response) => Invented.Exchange(Path, request, response) with
    {
        Method = Method,
        Attributes = IsInSocket ? new Dictionary<string, string> { [CapturedExchange.ConnectionAttribute] = "c" } : new Dictionary<string, string>(),
    };

    private static byte[] Events(byte[] said) => EventStreams.Of([.. Lines(said).Select(line =>
    {
        var (kind, payload) = line.IndexOf(' ', StringComparison.Ordinal) is > 0 and < 100 and var at ? (line[..at], line[(at + 1)..]) : ("", line);
        return kind.EndsWith("Exception", StringComparison.Ordinal) ? EventStreams.Exception(kind, payload) : EventStreams.Event(kind, payload);
    })]);

    private static byte[] Chunks(byte[] said) =>
        EventStreams.Of([.. Lines(said).Select(line => EventStreams.Event("chunk", $$"""{"bytes":"{{Convert.ToBase64String(Encoding.Latin1.GetBytes(line))}}","p":"abcdefgh"}"""))]);

    // Latin-1, so that a header's length in characters is its length in bytes.
    private static string[] Lines(byte[] said) => Encoding.Latin1.GetString(said).Split('\n');
}
