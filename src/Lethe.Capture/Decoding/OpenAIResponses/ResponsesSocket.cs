using System.Text.Json;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Decoding.Wire;

namespace Lethe.Capture.Decoding.OpenAIResponses;

/// <summary>
/// The Responses API inside a WebSocket: a call is a <c>response.create</c> and the events up to its terminal one, on the lane that <c>stream_id</c> names. What the client
/// gives to a running call (<c>response.inject</c>) is kept among its events; what is to steer it (<c>response.steer</c>) asks for the answer that the server then begins by itself.
/// </summary>
internal sealed class ResponsesSocket : ISocketTurns
{
    /// <summary>What a client may have said to steer answers that have not come yet; the rest asks for nothing.</summary>
    private const int SteersMax = 64;

    private readonly Dictionary<string, int> open = [];
    private readonly Dictionary<string, string> lanes = [];
    private readonly List<(string Lane, byte[] Message)> steers = [];

    public SocketStep FromClient(JsonElement json, ReadOnlyMemory<byte> message)
    {
        var lane = Lane(json);
        switch (json.Text("type"u8))
        {
            case "response.create":
                open[lane] = open.GetValueOrDefault(lane) + 1;
                return new SocketStep(SocketMove.Begins, lane, Request: message);
            case "response.inject":
                return new SocketStep(SocketMove.Says, Lane(json, "response_id"u8), Said: message);
            case "response.steer":
                lane = Lane(json, "previous_response_id"u8);
                if (steers.Count < SteersMax)
                {
                    steers.Add((lane, Utf8Repair.Clean(message).ToArray()));
                }

                return new SocketStep(SocketMove.Says, lane, Said: message);
            default:
                return default;
        }
    }

    public SocketStep FromServer(JsonElement json, ReadOnlyMemory<byte> message)
    {
        var lane = Lane(json);
        switch (json.Text("type"u8))
        {
            case "response.created":
                return Created(json.ObjectMember("response"u8), lane, message);
            case "response.completed" or "response.incomplete" or "response.failed" or "response.cancelled" or "error":
                End(json.ObjectMember("response"u8), lane);
                return new SocketStep(SocketMove.Says | SocketMove.Ends, lane, Said: message);
            case "response.steer.failed" when steers.Count > 0:
                steers.RemoveAt(0);
                break;
        }

        return new SocketStep(SocketMove.Says, lane, Said: message);
    }

    /// <summary>The pieces of an answer: their type stands first, and names one, and no lane is named anywhere.</summary>
    public bool OnlySays(ReadOnlySpan<byte> message)
    {
        if (!message.StartsWith("{\"type\":\"response."u8) || message[^1] != '}')
        {
            return false;
        }

        var type = message["{\"type\":\""u8.Length..];
        var end = type.IndexOf((byte)'"');
        return end > 0 && type[..end].EndsWith(".delta"u8) && message.IndexOf("\"stream_id\""u8) < 0;
    }

    // One that nobody created with a message of its own was asked for by what steered the one before.
    private SocketStep Created(JsonElement? response, string lane, ReadOnlyMemory<byte> message)
    {
        if (response?.Word("id"u8) is { } id && lanes.Count < SteersMax)
        {
            lanes[id] = lane;
        }

        if (open.GetValueOrDefault(lane) > 0 || steers.FindIndex(steer => steer.Lane == lane) is not (>= 0 and var at))
        {
            return new SocketStep(SocketMove.Says, lane, Said: message);
        }

        var asked = Request(steers[at].Message, response?.Word("model"u8));
        steers.RemoveAt(at);
        open[lane] = 1;
        return new SocketStep(SocketMove.Begins | SocketMove.Says, lane, asked, message);
    }

    private void End(JsonElement? response, string lane)
    {
        if (response?.Word("id"u8) is { } id)
        {
            lanes.Remove(id);
        }

        if (open.GetValueOrDefault(lane) > 1)
        {
            open[lane]--;
        }
        else
        {
            open.Remove(lane);
        }
    }

    private static byte[] Request(byte[] steer, string? model)
    {
        using var json = JsonReading.TryParse(steer);
        return RawMessage.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("type"u8, "response.create"u8);
            writer.WriteString("model"u8, model);
            foreach (var member in json!.RootElement.EnumerateObject().Where(member => !member.NameEquals("type"u8) && !member.NameEquals("model"u8)))
            {
                writer.WritePropertyName(member.Name);
                writer.Raw(member.Value);
            }

            writer.WriteEndObject();
        });
    }

    private string Lane(JsonElement json, ReadOnlySpan<byte> response) =>
        json.Word("stream_id"u8) ?? (json.Word(response) is { } id ? lanes.GetValueOrDefault(id) : null) ?? "";

    private static string Lane(JsonElement json) => json.Word("stream_id"u8) ?? "";
}
