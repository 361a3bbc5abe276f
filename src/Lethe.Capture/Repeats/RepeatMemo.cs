using System.Runtime.InteropServices;
using Lethe.Capture.Chains;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Repeats;

/// <summary>
/// What was read before, so that a history that is sent again is compared and not read: messages below the messages before them, system prompts and
/// tools. Whatever it holds or has forgotten, results are the same. Bounded in bytes; the conversation that was met longest ago goes first. Thread-safe.
/// </summary>
public sealed class RepeatMemo
{
    /// <summary>A few hundred conversations of agents.</summary>
    public const long BytesMaxDefault = 64L * 1024 * 1024;

    /// <summary>How much of a conversation's beginning finds it.</summary>
    private const int BeginningBytes = 512;

    /// <summary>How many bodies that begin alike can be gone on from: an agent's conversations, and branches, that grow side by side.</summary>
    private const int PointsMax = 256;

    private readonly Lock gate = new();
    private readonly long bytesMax;
    private readonly Dictionary<long, LinkedListNode<Conversation>> conversations = [];
    private readonly LinkedList<Conversation> byUse = new();
    private readonly Dictionary<long, ResumePoint> points = [];
    private readonly Dictionary<long, LinkedListNode<Canonical>> values = [];
    private readonly LinkedList<Canonical> valuesByUse = new();
    private long conversationBytes;
    private long valueBytes;

    public RepeatMemo(long bytesMax = BytesMaxDefault)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytesMax);
        this.bytesMax = bytesMax;
    }

    /// <summary>How many bytes of messages and values are remembered.</summary>
    public long Bytes
    {
        get
        {
            lock (gate)
            {
                return conversationBytes + valueBytes;
            }
        }
    }

    /// <summary>What is known of a list of messages in a dialect.</summary>
    /// <param name="messages">The JSON behind the list's opening bracket, to the end of the body.</param>
    internal Repeat Find(string dialect, ReadOnlySpan<byte> messages)
    {
        var key = Key(dialect, messages);
        KnownMessage beginning;
        lock (gate)
        {
            if (!conversations.TryGetValue(key, out var found))
            {
                return new Repeat(key);
            }

            byUse.Remove(found);
            byUse.AddFirst(found);
            beginning = found.Value.Beginning;
        }

        return Repeat.Read(key, beginning, messages);
    }

    /// <summary>Where a body can be read from, for all before it is known from the earlier body that it begins like; null when that is not known.</summary>
    internal ResumePoint? Resume(GrownBody.Origin from, string dialect)
    {
        lock (gate)
        {
            if (!points.TryGetValue(from.Earlier, out var point) || point.Dialect != dialect || point.End > from.RepeatedBytes)
            {
                return null;
            }

            var conversation = conversations[point.Key];
            byUse.Remove(conversation);
            byUse.AddFirst(conversation);
            return point;
        }
    }

    /// <summary>Remembers that a body was read to a point.</summary>
    internal void Keep(GrownBody.Origin body, ResumePoint point)
    {
        lock (gate)
        {
            if (!conversations.TryGetValue(point.Key, out var found) || found.Value.Beginning != point.Beginning || !points.TryAdd(body.Id, point))
            {
                return;
            }

            var conversation = found.Value;
            if (points.TryGetValue(body.Earlier, out var earlier) && earlier.Key == point.Key && earlier.End <= body.RepeatedBytes)
            {
                Forget(conversation, body.Earlier);
            }

            Grow(conversation, point.Bytes);
            conversation.Points.Add(body.Id);
            if (conversation.Points.Count > PointsMax)
            {
                Forget(conversation, conversation.Points[0]);
            }

            Trim();
        }
    }

    /// <summary>Remembers the messages behind those that were known.</summary>
    /// <param name="marksOf">Finds the marks for a vendor's cache in a message.</param>
    /// <returns>Where the conversation begins; null when it was forgotten meanwhile.</returns>
    internal KnownMessage? Remember(Repeat repeat, IReadOnlyList<Message> prompt, IReadOnlyList<Node> nodes, Func<ReadOnlyMemory<byte>, IReadOnlyList<string>> marksOf)
    {
        if (repeat.Known.Count >= prompt.Count)
        {
            return repeat.Beginning;
        }

        var news = new List<KnownMessage>(prompt.Count - repeat.Known.Count);
        for (var i = repeat.Known.Count; i < prompt.Count && prompt[i].Raw.Span is [(byte)'{', ..]; i++)
        {
            news.Add(new KnownMessage(prompt[i], nodes[i], marksOf(prompt[i].Raw)));
        }

        lock (gate)
        {
            var conversation = Open(repeat.Key);
            if (repeat.Beginning is { } beginning && beginning != conversation.Beginning)
            {
                // It was forgotten meanwhile, and what is known hangs on nothing.
                return null;
            }

            var last = repeat.Known.Count > 0 ? repeat.Known[^1] : conversation.Beginning;
            foreach (var next in news)
            {
                if (last.Next(next.Raw.Span) is { } known)
                {
                    last = known;
                    continue;
                }

                var forgotten = last.Add(next);
                Grow(conversation, next.Bytes);
                last = next;
                if (forgotten is not null)
                {
                    Grow(conversation, -forgotten.Total());
                    conversation.Points.FindAll(point => points[point].Known.Contains(forgotten)).ForEach(point => Forget(conversation, point));
                }
            }

            Trim();
            return conversation.Beginning;
        }
    }

    /// <summary>The canonical form of a value by its bytes, and the form's hash.</summary>
    internal CanonicalValue Canonicalise(ReadOnlyMemory<byte> raw, Func<byte[]> write)
    {
        var key = Key("", raw.Span[^Math.Min(raw.Length, BeginningBytes)..]) ^ raw.Length;
        lock (gate)
        {
            if (values.TryGetValue(key, out var found) && found.Value.Raw.AsSpan().SequenceEqual(raw.Span))
            {
                valuesByUse.Remove(found);
                valuesByUse.AddFirst(found);
                return found.Value.Value;
            }
        }

        var canonical = new Canonical(key, raw.ToArray(), CanonicalValue.Of(write()));
        lock (gate)
        {
            if (values.Remove(key, out var replaced))
            {
                valuesByUse.Remove(replaced);
                valueBytes -= replaced.Value.Bytes;
            }

            values[key] = valuesByUse.AddFirst(canonical);
            valueBytes += canonical.Bytes;
            Trim();
        }

        return canonical.Value;
    }

    private void Grow(Conversation conversation, long bytes)
    {
        conversation.Bytes += bytes;
        conversationBytes += bytes;
    }

    private void Forget(Conversation conversation, long body)
    {
        points.Remove(body, out var point);
        conversation.Points.Remove(body);
        Grow(conversation, -point!.Bytes);
    }

    private Conversation Open(long key)
    {
        ref var place = ref CollectionsMarshal.GetValueRefOrAddDefault(conversations, key, out var exists);
        if (!exists)
        {
            place = byUse.AddFirst(new Conversation(key));
        }

        return place!.Value;
    }

    private void Trim()
    {
        while (conversationBytes + valueBytes > bytesMax)
        {
            if (byUse.Last is { } conversation && (conversationBytes >= valueBytes || valuesByUse.Last is null))
            {
                conversationBytes -= conversation.Value.Bytes;
                conversations.Remove(conversation.Value.Key);
                conversation.Value.Points.ForEach(point => points.Remove(point));
                byUse.RemoveLast();
            }
            else if (valuesByUse.Last is { } value)
            {
                valueBytes -= value.Value.Bytes;
                values.Remove(value.Value.Key);
                valuesByUse.RemoveLast();
            }
            else
            {
                return;
            }
        }
    }

    private static long Key(string dialect, ReadOnlySpan<byte> bytes)
    {
        var first = new HashCode();
        first.Add(dialect);
        first.AddBytes(bytes[..Math.Min(bytes.Length, BeginningBytes)]);
        return first.ToHashCode();
    }

    private sealed class Conversation(long key)
    {
        public long Key => key;

        public KnownMessage Beginning { get; } = new();

        public long Bytes { get; set; }

        /// <summary>The bodies that can be gone on from, the newest last.</summary>
        public List<long> Points { get; } = [];
    }

    private sealed record Canonical(long Key, byte[] Raw, CanonicalValue Value)
    {
        public long Bytes => Raw.Length + Value.Json.Length;
    }
}
