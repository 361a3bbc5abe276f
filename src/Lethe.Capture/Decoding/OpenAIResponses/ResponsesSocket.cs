using System.Text.Json;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Decoding.Wire;

namespace Lethe.Capture.Decoding.OpenAIResponses;

/// <summary>The Responses API inside a WebSocket: a call is a <c>response.create</c> and the events up to its terminal one, on the lane that <c>stream_id</c> names.</summary>
internal sealed class ResponsesSocket : ISocketTurns
{
    public SocketStep FromClient(JsonElement json, ReadOnlyMemory<byte> message) =>
        json.Is("type"u8, "response.create"u8) ? new SocketStep(SocketMove.Begins, Lane(json), Request: message) : default;

    public SocketStep FromServer(JsonElement json, ReadOnlyMemory<byte> message) => new(
        json.Text("type"u8) is "response.completed" or "response.incomplete" or "response.failed" or "response.cancelled" or "error" ? SocketMove.Says | SocketMove.Ends : SocketMove.Says,
        Lane(json),
        Said: message);

    private static string Lane(JsonElement json) => json.Word("stream_id"u8) ?? "";
}
