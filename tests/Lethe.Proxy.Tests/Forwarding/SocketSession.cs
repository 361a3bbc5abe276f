using System.IO.Compression;
using System.Text;
using System.Text.Json;

namespace Lethe.Proxy.Tests.Forwarding;

/// <summary>A WebSocket as it was recorded: every message of either side, in order, and the turns that were made in it.</summary>
/// <param name="Turns">What is known of each turn, in the order in which they ended: <c>id</c>, <c>text</c>, <c>tool</c>, <c>input</c>, <c>output</c>, <c>stop</c>, <c>outcome</c>, <c>reason</c>; null where nothing is known.</param>
internal sealed record SocketSession(string Name, string Path, bool IsBinary, IReadOnlyList<(bool FromClient, byte[] Message)> Messages, IReadOnlyList<JsonElement>? Turns)
{
    /// <summary>The repository's own.</summary>
    public static IEnumerable<SocketSession> Own() =>
        Records(File.OpenRead(System.IO.Path.Combine(Checkout.Root, "tests", "Lethe.Proxy.Tests", "Forwarding", "Recorded", "sockets.jsonl")))
            .Select(record => new SocketSession(record.GetProperty("name").GetString()!, record.GetProperty("path").GetString()!, false, Read(record), [.. record.GetProperty("turns").EnumerateArray()]));

    /// <summary>Those that lie beside the checkout on some machines; null where they do not. What is known of their turns is what the answers say themselves.</summary>
    public static IEnumerable<SocketSession>? Shared()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            var file = System.IO.Path.Combine(directory.FullName, "shared", "fixtures", "websocket.jsonl.gz");
            if (File.Exists(file))
            {
                return Records(new GZipStream(File.OpenRead(file), CompressionMode.Decompress)).Select(OfShared);
            }
        }

        return null;
    }

    private static SocketSession OfShared(JsonElement record)
    {
        var messages = Read(record);
        var isGemini = messages[0].FromClient && JsonDocument.Parse(messages[0].Message).RootElement.TryGetProperty("setup", out _);
        var path = isGemini ? "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent" : "/v1/realtime";
        return new SocketSession(record.GetProperty("id").GetString()!, path, isGemini, messages, isGemini ? null : [.. messages.Where(message => !message.FromClient).SelectMany(Done)]);
    }

    private static List<(bool FromClient, byte[] Message)> Read(JsonElement record) =>
        [.. record.GetProperty("frames").EnumerateArray().Select(frame => (frame.GetProperty("direction").GetString() == "sent", Encoding.UTF8.GetBytes(frame.GetProperty("data").GetRawText())))];

    private static IEnumerable<JsonElement> Done((bool FromClient, byte[] Message) said)
    {
        var message = JsonDocument.Parse(said.Message).RootElement;
        if (message.GetProperty("type").GetString() != "response.done")
        {
            return [];
        }

        var response = message.GetProperty("response");
        var usage = response.TryGetProperty("usage", out var inner) && inner.TryGetProperty("input_tokens", out _) ? inner : message.GetProperty("usage");
        return [JsonSerializer.SerializeToElement(new { id = response.GetProperty("id"), input = usage.GetProperty("input_tokens"), output = usage.GetProperty("output_tokens") })];
    }

    private static IEnumerable<JsonElement> Records(Stream file)
    {
        using var lines = new StreamReader(file);
        while (lines.ReadLine() is { } line)
        {
            yield return JsonDocument.Parse(line).RootElement;
        }
    }
}
