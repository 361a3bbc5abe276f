using System.Text;
using Lethe.Capture.Decoding;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Tests.Decoding;

/// <summary>Calls made up for a test.</summary>
internal static class Invented
{
    public static CapturedExchange Exchange(string path, byte[] request, byte[] response) => new()
    {
        Id = new ExchangeId(new Guid("0190a000-0000-7000-8000-000000000001")),
        CommitKey = "0190a000-0000-7000-8000-000000000001",
        Door = Door.Forwarding,
        CapturedAt = new DateTimeOffset(2026, 10, 1, 12, 0, 0, TimeSpan.Zero),
        Method = "POST",
        Path = path,
        Request = Body(request),
        Status = 200,
        Response = Body(response),
        Ending = Ending.Completed,
    };

    public static CapturedExchange Exchange(string path, string request, string response) =>
        Exchange(path, Encoding.UTF8.GetBytes(request), Encoding.UTF8.GetBytes(response));

    public static CapturedBody Body(byte[] bytes) => new() { Bytes = bytes, WireBytes = bytes.Length };

    /// <summary>A stream of events that have no names, and its end mark.</summary>
    public static string DataEvents(params string[] data) => string.Concat(data.Select(item => $"data: {item}\n\n"));

    /// <summary>A stream whose events are named by their <c>type</c>.</summary>
    public static string TypedEvents(params (string Type, string Members)[] events) =>
        string.Concat(events.Select(item => $"event: {item.Type}\ndata: {{\"type\":\"{item.Type}\"{(item.Members.Length > 0 ? "," : "")}{item.Members}}}\n\n"));

    public static Turn Decode(CapturedExchange exchange)
    {
        using var decoded = TurnDecoder.Decode(exchange);
        Assert.NotNull(decoded.Turn);
        return decoded.Turn;
    }
}
