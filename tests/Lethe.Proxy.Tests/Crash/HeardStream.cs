using System.Buffers;
using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;

namespace Lethe.Proxy.Tests.Crash;

/// <summary>One streamed call as its client lived it: what had been received when, and whether the end was seen.</summary>
internal sealed class HeardStream(string key)
{
    private readonly List<(TimeSpan At, int Length)> received = [];
    private readonly ArrayBufferWriter<byte> bytes = new();

    public string Key => key;

    /// <summary>When the client saw the response complete; null when it was cut.</summary>
    public TimeSpan? CompletedAt { get; private set; }

    public byte[] Bytes => bytes.WrittenSpan.ToArray();

    /// <summary>Everything the client held at that time.</summary>
    public byte[] ReceivedBy(TimeSpan at) => bytes.WrittenSpan[..received.Where(chunk => chunk.At <= at).Select(chunk => chunk.Length).DefaultIfEmpty(0).Max()].ToArray();

    public async Task ListenAsync(HttpClient client, string listen, int events, int gap, Stopwatch clock)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, listen + "/anthropic/v1/messages")
        {
            Content = new StringContent($$"""{"model":"claude-sonnet-4-5","max_tokens":64,"stream":true,"events":{{events}},"gap":{{gap}},"messages":[{"role":"user","content":"{{key}}"}]}""", Encoding.UTF8, new MediaTypeHeaderValue("application/json")),
        };
        try
        {
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            await using var stream = await response.Content.ReadAsStreamAsync();
            var buffer = new byte[16 * 1024];
            int read;
            while ((read = await stream.ReadAsync(buffer)) > 0)
            {
                bytes.Write(buffer.AsSpan(0, read));
                received.Add((clock.Elapsed, bytes.WrittenCount));
            }

            CompletedAt = clock.Elapsed;
        }
        catch (Exception cut) when (cut is HttpRequestException or IOException)
        {
            // The recorder was killed under this stream: what was heard until then is the evidence.
        }
    }
}
