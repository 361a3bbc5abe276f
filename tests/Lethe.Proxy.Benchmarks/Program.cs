using Lethe.Proxy.Benchmarks;

// The floors run in processes of their own, as lethe does.
if (args is ["bare-yarp", var upstream])
{
    await BareYarp.RunAsync(upstream);
    return 0;
}

if (args is ["grpc-on-kestrel"])
{
    await GrpcOnKestrel.RunAsync();
    return 0;
}

if (args is ["grpc-echo"])
{
    await GrpcEcho.RunAsync();
    return 0;
}

(string Name, Func<Report, Task> Run)[] benchmarks =
[
    ("forwarding", ForwardingBenchmark.RunAsync),
    ("agent", ForwardingBenchmark.RunAgentAsync),
    ("lasting", LastingBenchmark.RunAsync),
    ("streams", StreamsBenchmark.RunAsync),
    ("websocket", SocketBenchmark.RunAsync),
    ("envoy", EnvoyBenchmark.RunAsync),
    ("journal", JournalBenchmark.RunAsync),
    ("ingest", IngestBenchmark.RunAsync),
    ("turns", HonestIngestBenchmark.RunAsync),
    ("producers", ProducersBenchmark.RunAsync),
    ("import", ImportBenchmark.RunAsync),
    ("disk", DiskBenchmark.RunAsync),
    ("trouble", TroubleBenchmark.RunAsync),
    ("start", StartBenchmark.RunAsync),
    ("decode", DecodeBenchmark.RunAsync),
    ("reads", ReadBenchmark.RunAsync),
    ("search", SearchBenchmark.RunAsync),
    ("page", PageBenchmark.RunAsync),
];

if (args is ["reads", .. { Length: > 0 } size])
{
    await ReadBenchmark.RunAsync(new Report(Console.Out), size);
    return 0;
}

if (args is ["turns", var kilobytes] && int.TryParse(kilobytes, out var grown))
{
    await HonestIngestBenchmark.RunAsync(new Report(Console.Out), [grown * 1000]);
    return 0;
}

if (args is ["search", .. { Length: > 0 } turns])
{
    await SearchBenchmark.RunAsync(new Report(Console.Out), turns);
    return 0;
}

if (args is ["page", .. { Length: > 0 } load])
{
    await PageBenchmark.RunAsync(new Report(Console.Out), load);
    return 0;
}

if (args is ["start", var gigabytes] && int.TryParse(gigabytes, out var large))
{
    await StartBenchmark.RunAsync(new Report(Console.Out), large);
    return 0;
}

if (args is ["import", var megabytes] && int.TryParse(megabytes, out var tree))
{
    await ImportBenchmark.RunAsync(new Report(Console.Out), tree);
    return 0;
}

var unknown = args.Except(benchmarks.Select(benchmark => benchmark.Name)).ToList();
if (unknown.Count > 0)
{
    Console.Error.WriteLine($"unknown benchmark {string.Join(", ", unknown)}; there are {string.Join(", ", benchmarks.Select(benchmark => benchmark.Name))}");
    return 2;
}

var report = new Report(Console.Out);
report.Machine();
foreach (var (name, run) in benchmarks.Where(benchmark => args.Length == 0 ? benchmark.Name != "agent" : args.Contains(benchmark.Name)))
{
    Console.Error.WriteLine($"{name} …");
    await run(report);
}

return 0;
