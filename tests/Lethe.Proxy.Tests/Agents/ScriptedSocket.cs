using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Lethe.Proxy.Tests.Forwarding;
using Microsoft.AspNetCore.Http;

namespace Lethe.Proxy.Tests.Agents;

/// <summary>The scripted model's Responses API inside a WebSocket: the same events, one a message, deflated where the client can.</summary>
/// <param name="called">Notes a call.</param>
internal sealed class ScriptedSocket(Func<HttpContext, byte[], ModelCall> called, Func<ModelCall, ModelReply> script)
{
    public async Task AnswerAsync(HttpContext context)
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync(new WebSocketAcceptContext { DangerousEnableCompression = true });
        try
        {
            while (await SocketRelay.HearAsync(socket, context.RequestAborted) is { } asked)
            {
                using var message = JsonDocument.Parse(asked);
                if (message.RootElement.GetProperty("type").GetString() == "response.create")
                {
                    await AnswerAsync(socket, context, asked, isWarmUp: message.RootElement.TryGetProperty("generate", out var generate) && !generate.GetBoolean());
                }
            }

            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", context.RequestAborted);
        }
        catch (Exception gone) when (gone is WebSocketException or OperationCanceledException)
        {
            // An agent that has what it wanted may leave without a word.
        }
    }

    private async Task AnswerAsync(WebSocket socket, HttpContext context, string asked, bool isWarmUp)
    {
        if (isWarmUp)
        {
            const string Response = """{"id":"resp_warm","object":"response","created_at":1800000000,"model":"gpt-5.5","output":[],"status":""";
            await SocketRelay.SayAsync(socket, $$$"""{"type":"response.created","sequence_number":0,"response":{{{Response}}}"in_progress"}}""");
            await SocketRelay.SayAsync(socket, $$$"""{"type":"response.completed","sequence_number":1,"response":{{{Response}}}"completed","usage":{"input_tokens":9,"output_tokens":0,"total_tokens":9} } }""");
            return;
        }

        var call = called(context, Encoding.UTF8.GetBytes(asked));
        var reply = script(call);
        if (reply is ModelReply.Fail fail)
        {
            await SocketRelay.SayAsync(socket, JsonSerializer.Serialize(new { type = "error", status = fail.Status, error = new { type = fail.Type, message = fail.Message } }));
            return;
        }

        var events = Dialect.Responses.Stream(call, reply);
        foreach (var sent in reply is ModelReply.Cut ? events.Take(2) : events)
        {
            await SocketRelay.SayAsync(socket, sent.Split('\n').Single(line => line.StartsWith("data: ", StringComparison.Ordinal))["data: ".Length..]);
        }

        if (reply is ModelReply.Cut)
        {
            context.Abort();
        }
    }
}
