using System.Net.WebSockets;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Lethe.Proxy.Benchmarks;

/// <summary>The Responses API inside a WebSocket, answering each message at once with the same events.</summary>
internal static class SocketUpstream
{
    /// <summary>Messages of an answer.</summary>
    public const int Events = 42;

    private const string Response = """{"id":"resp_bench","object":"response","created_at":1800000000,"model":"gpt-5.5","status":""";

    private static readonly byte[] Created = Encoding.UTF8.GetBytes($$$"""{"type":"response.created","sequence_number":0,"response":{{{Response}}}"in_progress","output":[]}}""");
    private static readonly byte[] Delta = """{"type":"response.output_text.delta","sequence_number":7,"item_id":"msg_bench","output_index":0,"content_index":0,"delta":"a few words at a time "}"""u8.ToArray();
    private static readonly byte[] Completed = Encoding.UTF8.GetBytes(
        $$$"""{"type":"response.completed","sequence_number":41,"response":{{{Response}}}"completed","output":[{"type":"message","id":"msg_bench","role":"assistant","content":[{"type":"output_text","text":"{{{new string('x', 880)}}}"}]}],"usage":{"input_tokens":500,"output_tokens":200} } }""");

    public static async Task AnswerAsync(HttpContext context)
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync(new WebSocketAcceptContext { DangerousEnableCompression = true });
        var buffer = new byte[64 * 1024];
        while (true)
        {
            var heard = await socket.ReceiveAsync(buffer.AsMemory(), context.RequestAborted);
            if (heard.MessageType == WebSocketMessageType.Close)
            {
                await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", context.RequestAborted);
                return;
            }

            if (heard.EndOfMessage)
            {
                await SayAsync(socket, Created, context.RequestAborted);
                for (var number = 2; number < Events; number++)
                {
                    await SayAsync(socket, Delta, context.RequestAborted);
                }

                await SayAsync(socket, Completed, context.RequestAborted);
            }
        }
    }

    private static ValueTask SayAsync(WebSocket socket, byte[] message, CancellationToken cancellation) =>
        socket.SendAsync(message.AsMemory(), WebSocketMessageType.Text, WebSocketMessageFlags.EndOfMessage, cancellation);
}
