using System.Globalization;
using Lethe.Capture.Decoding;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Decoding.Wire;
using Lethe.Capture.Exchanges;

namespace Lethe.Capture.Sockets;

/// <summary>
/// Reads along in one WebSocket and makes an exchange of each model call in it: handshake headers, the client's message as request, the server's messages
/// up to the end of the call as response, each as one server-sent event. Bytes are to be told in the order in which they passed, by one thread at a time.
/// </summary>
public sealed class SocketCapture : IDisposable
{
    /// <summary>A message that is longer, on the wire or inflated, ends the capture.</summary>
    public const int MessageBytesMax = 64 * 1024 * 1024;

    /// <summary>Calls that may be under way at once in one connection.</summary>
    private const int OpenCallsMax = 1024;

    private readonly ExchangeHead head;
    private readonly IReadOnlyList<HeaderField> answerHeaders;
    private readonly Func<ExchangeHead, ExchangeBuilder> begin;
    private readonly ISocketTurns turns;
    private readonly FrameReader client;
    private readonly FrameReader server;
    private readonly MessageTaker ofClient;
    private readonly MessageTaker ofServer;
    private readonly List<OpenCall> open = [];
    private readonly SocketEvents events = new();
    private int? firstCloseCode;
    private Ending? firstClosed;
    private bool isOver;

    private SocketCapture(
        ExchangeHead head, IReadOnlyList<HeaderField> answerHeaders, Func<ExchangeHead, ExchangeBuilder> begin, ISocketTurns turns, SocketTerms terms, int messageBytesMax, CaptureBudget? budget)
    {
        this.head = head;
        this.answerHeaders = answerHeaders;
        this.begin = begin;
        this.turns = turns;
        ofClient = message => Step(message, isServer: false);
        ofServer = message => Step(message, isServer: true);
        client = new FrameReader(terms.Deflates ? new MessageInflater(terms.ClientTakesOver) : null, messageBytesMax, budget);
        server = new FrameReader(terms.Deflates ? new MessageInflater(terms.ServerTakesOver) : null, messageBytesMax, budget);
    }

    /// <summary>Why the rest of the connection is not captured, as one word; null while all is well.</summary>
    public string? Fault { get; private set; }

    /// <summary>The id of the exchange of the handshake.</summary>
    public string ConnectionId => head.ConnectionId!;

    /// <summary>Null where the path names no API whose calls are made inside a WebSocket.</summary>
    /// <param name="handshake">The exchange of the handshake; its id is the id of the connection.</param>
    /// <param name="answerHeaders">Those of the answer that switched protocols.</param>
    /// <param name="begin">Mints the exchange of a call.</param>
    /// <param name="budget">The memory that all captures share; where it is used up the capture ends.</param>
    /// <param name="clock">What tells when the bytes passed that are told; null where they are told as they pass.</param>
    public static SocketCapture? Open(
        ExchangeBuilder handshake,
        IReadOnlyList<HeaderField> answerHeaders,
        Func<ExchangeHead, ExchangeBuilder> begin,
        int messageBytesMax = MessageBytesMax,
        CaptureBudget? budget = null,
        TimeProvider? clock = null)
    {
        if (Dialects.BySocket(handshake.Head.Path) is not { } rule)
        {
            return null;
        }

        var terms = SocketTerms.Of(answerHeaders.Joined("sec-websocket-extensions"));
        var head = handshake.Head with { ConnectionId = handshake.Id.ToString(), CommitKey = null, Clock = clock };
        return new SocketCapture(head, answerHeaders, begin, rule.Open(), terms, messageBytesMax, budget) { Fault = terms.Known ? null : "extension_unknown" };
    }

    public void FromClient(ReadOnlyMemory<byte> bytes)
    {
        Read(client, bytes, ofClient);
        NoteClose(client.CloseCode, Ending.ClientAborted);
    }

    public void FromServer(ReadOnlyMemory<byte> bytes)
    {
        Read(server, bytes, ofServer);
        NoteClose(server.CloseCode, Ending.UpstreamAborted);
        if (server.CloseCode is not null && Fault is null)
        {
            // It says nothing more.
            FinishOpen(Ending.Incomplete, null, null);
        }
    }

    /// <summary>The connection is over. Calls that have not had their end are told who closed it, and with which code.</summary>
    public void End(Ending ending, string? reason, TransportError? error)
    {
        isOver = true;
        FinishOpen(ending, reason, error);
    }

    /// <summary>What passes from now on is not captured, and calls that are under way have no end.</summary>
    /// <param name="reason">One word.</param>
    public void GiveUp(string reason)
    {
        Fault ??= reason;
        FinishComplete();
        foreach (var call in open)
        {
            call.Exchange.MarkResponseTruncated();
            call.Exchange.Finish(Ending.Incomplete, Fault);
        }

        open.Clear();
        Dispose();
    }

    public void Dispose()
    {
        client.Dispose();
        server.Dispose();
    }

    // Of those nothing more is said.
    private void FinishComplete(string? lane = null)
    {
        for (var at = 0; at < open.Count;)
        {
            var call = open[at];
            if (call.IsComplete && (lane is null || call.Lane == lane))
            {
                open.RemoveAt(at);
                call.Exchange.Finish(Ending.Completed);
            }
            else
            {
                at++;
            }
        }
    }

    private void FinishOpen(Ending ending, string? reason, TransportError? error)
    {
        FinishComplete();
        foreach (var call in open)
        {
            if (firstClosed is { } closed)
            {
                call.Exchange.Finish(closed, "close_" + firstCloseCode!.Value.ToString(CultureInfo.InvariantCulture));
            }
            else
            {
                call.Exchange.Finish(ending == Ending.Completed ? Ending.Incomplete : ending, reason ?? "no_close", error);
            }
        }

        open.Clear();
    }

    private void Read(FrameReader frames, ReadOnlyMemory<byte> bytes, MessageTaker taker)
    {
        if (Fault is not null || isOver)
        {
            return;
        }

        frames.Read(bytes, taker);
        if (frames.Fault is { } fault)
        {
            GiveUp(fault);
        }
    }

    private void NoteClose(int? code, Ending by)
    {
        if (code is not null && firstClosed is null)
        {
            (firstClosed, firstCloseCode) = (by, code);
        }
    }

    private void Step(ReadOnlyMemory<byte> message, bool isServer)
    {
        if (isServer && Fault is null && !message.IsEmpty && turns.OnlySays(message.Span))
        {
            if (Find("") is { } only)
            {
                Say(only, message.Span);
            }

            return;
        }

        // What is said is kept as it came; only who is meant is read of it.
        using var json = Fault is null ? JsonReading.TryParse(Utf8Repair.Clean(message)) : null;
        if (json is null)
        {
            return;
        }

        var step = isServer ? turns.FromServer(json.RootElement, message) : turns.FromClient(json.RootElement, message);
        if (step.Move.HasFlag(SocketMove.Begins))
        {
            Begin(step);
        }

        if (step.Move.HasFlag(SocketMove.Says) && Find(step.Lane) is { } call)
        {
            Say(call, step.Said.Span);
            call.IsComplete |= step.Move.HasFlag(SocketMove.Completes);
            if (step.Move.HasFlag(SocketMove.Ends))
            {
                open.Remove(call);
                call.Exchange.Finish(Ending.Completed);
            }
        }
    }

    private void Begin(SocketStep step)
    {
        FinishComplete(step.Lane);
        if (open.Count >= OpenCallsMax)
        {
            GiveUp("calls_too_many");
            return;
        }

        var exchange = begin(head);
        exchange.AppendRequest(step.Request.Span);
        open.Add(new OpenCall(step.Lane, exchange));
    }

    // Calls of one lane are answered one after another; a server that does not echo the lane means the only call there is.
    private OpenCall? Find(string lane)
    {
        foreach (var call in open)
        {
            if (call.Lane == lane)
            {
                return call;
            }
        }

        return open.Count == 1 && lane.Length == 0 ? open[0] : null;
    }

    private void Say(OpenCall call, ReadOnlySpan<byte> message)
    {
        if (!call.IsAnswered)
        {
            call.IsAnswered = true;
            call.Exchange.StartResponse(101, answerHeaders);
        }

        events.Append(call.Exchange, message);
    }

    private sealed class OpenCall(string lane, ExchangeBuilder exchange)
    {
        public string Lane => lane;

        public ExchangeBuilder Exchange => exchange;

        public bool IsAnswered { get; set; }

        public bool IsComplete { get; set; }
    }
}
