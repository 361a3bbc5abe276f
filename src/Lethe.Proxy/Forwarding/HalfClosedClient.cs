using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Lethe.Proxy.Forwarding;

/// <summary>
/// An HTTP/1.x client that has stopped sending (a FIN), which a client does that has gone as well as one that has only asked all it wants (RFC 9293 §3.6).
/// Kestrel takes both for gone. Here (1) a FIN behind the beginning of the answer counts as gone; (2) one before it is served, while the socket is looked at;
/// (3) where the answer takes its time, an interim one (RFC 9110 §15.2.1) is sent: a client that still listens passes it over, and the system of one that
/// has gone refuses it.
/// </summary>
internal sealed class HalfClosedClient : IDisposable
{
    private const int FirstProbe = 4;
    private const int ProbesEvery = 40;

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);

    private readonly Socket socket;
    private readonly TimeProvider time;
    private readonly Lock gate = new();
    private readonly CancellationTokenSource gone = new();
    private readonly CancellationTokenSource served = new();
    private Task watching = Task.CompletedTask;
    private bool takesInterim;
    private bool isAnswering;

    private HalfClosedClient(Socket socket, TimeProvider time)
    {
        this.socket = socket;
        this.time = time;
    }

    private static ReadOnlySpan<byte> Interim => "HTTP/1.1 100 Continue\r\n\r\n"u8;

    /// <summary>Serves a connection by <paramref name="next"/>, to which it counts as closed when its client is gone.</summary>
    public static async Task ServeAsync(ConnectionContext connection, ConnectionDelegate next, TimeProvider time)
    {
        if (connection.Features.Get<IConnectionSocketFeature>() is not { Socket: var socket })
        {
            await next(connection);
            return;
        }

        using var client = new HalfClosedClient(socket, time);
        connection.Features.Set(client);
        await using (connection.ConnectionClosed.UnsafeRegister(static client => ((HalfClosedClient)client!).Ended(), client))
        {
            connection.ConnectionClosed = client.gone.Token;
            connection.Transport = new Transport(new HalfClosedInput(connection.Transport.Input), connection.Transport.Output);
            try
            {
                await next(connection);
            }
            finally
            {
                await client.served.CancelAsync();
            }
        }

        await client.watching;
    }

    public void Dispose()
    {
        gone.Dispose();
        served.Dispose();
    }

    /// <summary>A call is being served on the connection.</summary>
    public void Begin(HttpContext context)
    {
        lock (gate)
        {
            takesInterim = HttpProtocol.IsHttp11(context.Request.Protocol);
        }

        context.Response.OnStarting(
            static client =>
            {
                ((HalfClosedClient)client).Answers();
                return Task.CompletedTask;
            },
            this);
    }

    /// <summary>The call has been served.</summary>
    public void End()
    {
        lock (gate)
        {
            (takesInterim, isAnswering) = (false, false);
        }
    }

    private void Answers()
    {
        lock (gate)
        {
            isAnswering = true;
        }
    }

    // Kestrel's transport reads no more: by a FIN, a reset, or because the connection is closed from here.
    private void Ended()
    {
        lock (gate)
        {
            if (!isAnswering && !IsGone())
            {
                watching = WatchAsync();
                return;
            }
        }

        gone.Cancel();
    }

    private async Task WatchAsync()
    {
        using var ticks = new PeriodicTimer(Look, time);
        try
        {
            for (var tick = 1; await ticks.WaitForNextTickAsync(served.Token); tick++)
            {
                if (IsGone() || (tick % ProbesEvery == FirstProbe && !Probe()))
                {
                    await gone.CancelAsync();
                    return;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Served.
        }
    }

    private bool Probe()
    {
        lock (gate)
        {
            return isAnswering || !takesInterim || Sends(Interim);
        }
    }

    // Nothing at all is sent, and still the system says whether it could be.
    private bool IsGone() => !Sends([]);

    private bool Sends(ReadOnlySpan<byte> bytes)
    {
        try
        {
            socket.Send(bytes, SocketFlags.None, out var error);
            return error == SocketError.Success;
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
    }

    private sealed record Transport(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
