using Lethe.Proxy;

return await LetheApplication.RunAsync(args, Console.Out, Console.Error);
