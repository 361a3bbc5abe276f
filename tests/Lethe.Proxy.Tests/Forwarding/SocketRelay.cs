using System.Net.WebSockets;
using System.Text;
using Lethe.Proxy.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Lethe.Proxy.Tests.Forwarding;

/// <summary>A client, the forwarding door and an upstream, joined by one WebSocket.</summary>
internal sealed class SocketRelay : IAsyncDisposable
{
    private static readonly TimeSpan PatienceMax = TimeSpan.FromSeconds(30);

    private readonly FakeModelApi api;
    private readonly HttpMessageInvoker invoker;
    private readonly CancellationTokenSource patience = new(PatienceMax);

    private SocketRelay(FakeModelApi api, ForwardingDoor door, HttpMessageInvoker invoker, ClientWebSocket client) => (this.api, Door, this.invoker, Client) = (api, door, invoker, client);

    public ForwardingDoor Door { get; }

    public ClientWebSocket Client { get; }

    public CancellationToken Patience => patience.Token;

    /// <summary>Connects to <paramref name="path"/>; <paramref name="serve"/> is the upstream's side.</summary>
    /// <param name="serverTakesOver">Whether the upstream's window lasts from message to message; null where it agrees on no compression.</param>
    public static async Task<SocketRelay> StartAsync(
        string path, Func<WebSocket, Task> serve, Action<ClientWebSocketOptions>? options = null, bool? serverTakesOver = null, Action<DoorSetup>? adjust = null)
    {
        var api = await FakeModelApi.StartStreamingAsync(async context =>
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync(new WebSocketAcceptContext
            {
                DangerousEnableCompression = serverTakesOver is not null,
                DisableServerContextTakeover = serverTakesOver == false,
            });
            await serve(socket);
        });
        var door = await ForwardingDoor.StartAsync(api.Address, adjust);
        var client = new ClientWebSocket();
        options?.Invoke(client.Options);
        var invoker = new HttpMessageInvoker(new SocketsHttpHandler { UseProxy = false });
        var relay = new SocketRelay(api, door, invoker, client);
        await client.ConnectAsync(new Uri(door.Address.Replace("http:", "ws:", StringComparison.Ordinal) + path), invoker, relay.Patience);
        return relay;
    }

    public Task SayAsync(string text) => Client.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true, Patience);

    public Task<string?> HearAsync() => HearAsync(Client, Patience);

    /// <summary>The next whole message; null when the other side closes.</summary>
    public static async Task<string?> HearAsync(WebSocket socket, CancellationToken patience = default)
    {
        var message = new MemoryStream();
        var piece = new byte[64 * 1024];
        while (true)
        {
            var got = await socket.ReceiveAsync(piece.AsMemory(), patience);
            if (got.MessageType == WebSocketMessageType.Close)
            {
                return null;
            }

            message.Write(piece, 0, got.Count);
            if (got.EndOfMessage)
            {
                return Encoding.UTF8.GetString(message.ToArray());
            }
        }
    }

    public static Task SayAsync(WebSocket socket, string text) => socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true, CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        invoker.Dispose();
        await Door.DisposeAsync();
        await api.DisposeAsync();
        patience.Dispose();
    }
}
